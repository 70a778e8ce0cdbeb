/* SPDX-License-Identifier: Apache-2.0 */
/* What completes each kind of request of the store port: redis_request.on_reply. Private to
 * broker/store.
 *
 * The request's done is a store_done, its owner an array of STORE_ITEMS_MAX store_items to decode
 * into. */
#ifndef WEFT_STORE_REDIS_REPLY_H
#define WEFT_STORE_REDIS_REPLY_H

struct redisReply;
struct redis_request;

void redis_reply_append(struct redis_request *request, const struct redisReply *reply);
void redis_reply_read(struct redis_request *request, const struct redisReply *reply);
/* Of the whole log: nothing means that there is none. */
void redis_reply_read_whole(struct redis_request *request, const struct redisReply *reply);
void redis_reply_zset_range(struct redis_request *request, const struct redisReply *reply);
void redis_reply_claim(struct redis_request *request, const struct redisReply *reply);
void redis_reply_value(struct redis_request *request, const struct redisReply *reply);
void redis_reply_integer(struct redis_request *request, const struct redisReply *reply);
void redis_reply_status(struct redis_request *request, const struct redisReply *reply);
/* Its count is the generation that must still last. */
void redis_reply_barrier(struct redis_request *request, const struct redisReply *reply);

#endif
