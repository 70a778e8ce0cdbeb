/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: which are taken from whom, and that each is kept as it came. */
#include "flow/body_check.h"
#include "flow/entry_codec.h"
#include "lib/test.h"

static uint8_t scratch_bytes[1 << 20];
static struct arena scratch;

/* Reads a body as a client writes it. false: the schema's own bounds refuse it. */
static bool read_body(const char *json, struct proto_body *out)
{
    static char text[PROTO_LIMIT_FRAME_BYTES];
    struct proto_problem problem;
    size_t len = strlen(json);
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    memcpy(text, json, len);
    struct proto_source source = {PROTO_JSON, text, len, &proto_client_bounds, &scratch};
    return proto_shape_read(&source, &proto_body_shape, out, &problem);
}

enum { C = 1, S = 2, B = 4, ALL = 7, NOBODY = 0 };

static const struct row {
    const char *name;
    unsigned speakers; /* who may say it */
    const char *json;
} rows[] = {
        {"words", ALL, "{'kind':'text','text':'hi'}"},
        {"no words", B, "{'kind':'text','text':''}"},
        {"a bell", NOBODY, "{'kind':'text','text':'\\u0007'}"},
        {"a choice", ALL, "{'kind':'text','text':'Red','chosen':'red'}"},
        {"a form's answers", ALL,
                "{'kind':'text','text':'Ada, 4711','answers':[{'name':'who','value':'Ada'},"
                "{'name':'parcel','value':'4711'},{'name':'note'}]}"},
        {"an answer without a name", NOBODY,
                "{'kind':'text','text':'x','answers':[{'name':'','value':'Ada'}]}"},
        {"13 answers", NOBODY,
                "{'kind':'text','text':'x','answers':[{'name':'1'},{'name':'2'},{'name':'3'},"
                "{'name':'4'},{'name':'5'},{'name':'6'},{'name':'7'},{'name':'8'},{'name':'9'},"
                "{'name':'10'},{'name':'11'},{'name':'12'},{'name':'13'}]}"},
        {"Weft's own words", NOBODY, "{'kind':'system','text':'hi'}"},
        {"a tombstone", NOBODY, "{'kind':'deleted','text':'hi'}"},
        {"an edit's trace", NOBODY, "{'kind':'edited','text':'hi'}"},
        {"a file, not yet", NOBODY, "{'kind':'file','text':'hi'}"},
        {"quick replies", S | B,
                "{'kind':'quick_replies','text':'?','options':[{'title':'Yes','value':'y'}]}"},
        {"a reply without a title", NOBODY,
                "{'kind':'quick_replies','text':'?','options':[{'title':''}]}"},
        {"a card", S | B,
                "{'kind':'card','text':'Shoe, 5 EUR','cards':[{'title':'Shoe','subtitle':'5 EUR',"
                "'image':'https://shop.example/shoe.jpg','alt':'A red shoe','actions':["
                "{'title':'Buy','value':'buy-1'},{'title':'More','url':'http://shop.example/1'}]}]"
                "}"},
        {"a card without words", NOBODY, "{'kind':'card','text':'','cards':[{'title':'Shoe'}]}"},
        {"no card", NOBODY, "{'kind':'card','text':'x'}"},
        {"two cards in one", NOBODY,
                "{'kind':'card','text':'x','cards':[{'title':'a'},{'title':'b'}]}"},
        {"a carousel", S | B,
                "{'kind':'carousel','text':'x','cards':[{'title':'a'},{'title':'b'}]}"},
        {"an empty carousel", NOBODY, "{'kind':'carousel','text':'x','cards':[]}"},
        {"an action that does nothing", NOBODY,
                "{'kind':'card','text':'x','cards':[{'title':'a','actions':[{'title':'b'}]}]}"},
        {"an action that does both", NOBODY,
                "{'kind':'card','text':'x','cards':[{'title':'a','actions':[{'title':'b','value':"
                "'c','url':'https://d.example'}]}]}"},
        {"a script", NOBODY,
                "{'kind':'card','text':'x','cards':[{'title':'a','actions':[{'title':'b','url':"
                "'javascript:alert(1)'}]}]}"},
        {"a picture of data", NOBODY,
                "{'kind':'card','text':'x','cards':[{'title':'a','image':"
                "'data:image/svg+xml,x'}]}"},
        {"a list", S | B,
                "{'kind':'list','text':'x','items':[{'title':'a','text':'b','value':'c'},"
                "{'title':'d'}]}"},
        {"an empty list", NOBODY, "{'kind':'list','text':'x'}"},
        {"a form", S | B,
                "{'kind':'form','text':'Your name?','fields':[{'name':'who','label':'Name','kind':"
                "'text','must':true},{'name':'size','label':'Size','kind':'choice','options':["
                "{'title':'S'},{'title':'L'}]}]}"},
        {"two fields of one name", NOBODY,
                "{'kind':'form','text':'x','fields':[{'name':'a','label':'b','kind':'text'},"
                "{'name':'a','label':'c','kind':'text'}]}"},
        {"a choice of nothing", NOBODY,
                "{'kind':'form','text':'x','fields':[{'name':'a','label':'b','kind':'choice'}]}"},
        {"a field of no kind", NOBODY,
                "{'kind':'form','text':'x','fields':[{'name':'a','label':'b','kind':'secret'}]}"},
        {"a place", ALL,
                "{'kind':'location','text':'Opera House','place':{'lat':'-33.8568','lon':"
                "'151.2153','name':'Opera House'}}"},
        {"the pole", ALL, "{'kind':'location','text':'x','place':{'lat':'90.0','lon':'-180'}}"},
        {"beyond the pole", NOBODY,
                "{'kind':'location','text':'x','place':{'lat':'90.1','lon':'0'}}"},
        {"no number", NOBODY, "{'kind':'location','text':'x','place':{'lat':'NaN','lon':'0'}}"},
        {"half a number", NOBODY, "{'kind':'location','text':'x','place':{'lat':'1.','lon':'0'}}"},
        {"no place", NOBODY, "{'kind':'location','text':'x'}"},
        {"members of another kind", NOBODY, "{'kind':'text','text':'x','cards':[{'title':'a'}]}"},
        {"a place in words", NOBODY, "{'kind':'text','text':'x','place':{'lat':'1','lon':'1'}}"},
};

/* The table is written with ' for ", which no row needs. */
static const char *json_of(const struct row *row)
{
    static char json[4096];
    size_t len = strlen(row->json);
    for (size_t i = 0; i <= len; i++)
        json[i] = row->json[i] == '\'' ? '"' : row->json[i];
    return json;
}

static void each_body_is_taken_from_whom_it_may_come(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned speaker = SPEAKER_CUSTOMER; speaker <= SPEAKER_BOT; speaker++) {
            struct proto_body body;
            struct body_fault fault = {0};
            test_note("row '%s', speaker %u", rows[i].name, speaker);
            bool is_good = read_body(json_of(&rows[i]), &body) &&
                           body_is_good(&body, (enum speaker)speaker, &fault);
            expect(is_good == (rows[i].speakers >> speaker & 1));
        }
}

/* Kept, read and written again it is the same, byte for byte, and no larger than its room. */
static void each_body_is_kept_as_it_came(void)
{
    static char first[PROTO_LIMIT_FRAME_BYTES];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct proto_body body, back;
        if (rows[i].speakers == NOBODY || !read_body(json_of(&rows[i]), &body))
            continue;
        test_note("row '%s'", rows[i].name);
        struct slice bytes = body_encode(&body, &scratch);
        expect(bytes.bytes != NULL && bytes.len <= body_room(&body));
        memcpy(first, bytes.bytes, bytes.len);
        expect(body_decode(bytes, &scratch, &back));
        expect_slice(body_encode(&back, &scratch), slice_make(first, bytes.len));
    }
}

/* As many pieces as the schema lets through, all of them as short as can be. */
static void many_small_pieces_have_room(void)
{
    static struct proto_option options[PROTO_LIMIT_OPTIONS];
    static struct proto_action actions[4];
    static struct proto_card cards[PROTO_LIMIT_CARDS];
    static struct proto_list_item items[PROTO_LIMIT_LIST_ITEMS];
    static struct proto_form_field fields[PROTO_LIMIT_FORM_FIELDS];
    static struct proto_pair answers[PROTO_LIMIT_FORM_FIELDS];
    struct slice x = SLICE_OF("x");
    for (size_t i = 0; i < PROTO_LIMIT_OPTIONS; i++)
        options[i] = (struct proto_option){x, x};
    for (size_t i = 0; i < 4; i++)
        actions[i] = (struct proto_action){x, x, x};
    for (size_t i = 0; i < PROTO_LIMIT_CARDS; i++)
        cards[i] = (struct proto_card){x, x, x, x, actions, 4};
    for (size_t i = 0; i < PROTO_LIMIT_LIST_ITEMS; i++)
        items[i] = (struct proto_list_item){x, x, x};
    for (size_t i = 0; i < PROTO_LIMIT_FORM_FIELDS; i++) {
        answers[i] = (struct proto_pair){x, x};
        fields[i] = (struct proto_form_field){
                x, x, PROTO_FIELD_KIND_CHECKBOX, true, true, options, PROTO_LIMIT_OPTIONS};
    }
    struct proto_body body = {.kind = PROTO_BODY_KIND_QUICK_REPLIES,
            .text = x,
            .chosen = x,
            .options = options,
            .options_count = PROTO_LIMIT_OPTIONS,
            .answers = answers,
            .answers_count = PROTO_LIMIT_FORM_FIELDS,
            .cards = cards,
            .cards_count = PROTO_LIMIT_CARDS,
            .items = items,
            .items_count = PROTO_LIMIT_LIST_ITEMS,
            .fields = fields,
            .fields_count = PROTO_LIMIT_FORM_FIELDS,
            .has_place = true,
            .place = {x, x, x}};
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    expect(body_encode(&body, &scratch).bytes != NULL);
}

static void addresses_that_may_be_opened(void)
{
    static const char *const good[] = {"https://a.example", "http://a.example:80/b?c=d#e",
            "https://xn--bcher-kva.example/%20"};
    static const char *const bad[] = {"", "https://", "HTTPS://a.example", "ftp://a.example",
            "//a.example", "/a", "https:a.example", "https:///a", "https://a b", "https://a\"b",
            "https://a<b", "https://a\\b", "https://a'b", "javascript:alert(1)//https://a",
            "data:text/html,x", " https://a.example", "https://@b", "https://a\n"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        test_note("address '%s'", good[i]);
        expect(url_is_good(slice_of_string(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_note("address '%s'", bad[i]);
        expect(!url_is_good(slice_of_string(bad[i])));
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(each_body_is_taken_from_whom_it_may_come),
                    CASE(each_body_is_kept_as_it_came), CASE(many_small_pieces_have_room),
                    CASE(addresses_that_may_be_opened), {0}});
}
