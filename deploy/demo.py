#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the demo's agents through the admin door of a running Weft, and prints where everything is.

usage: demo.py DIR/up.json

Again for agents that exist, the door answers with a fresh one-time way in.
"""
import json
import sys
import urllib.error
import urllib.request

# The skills are those that the demo's knowledge file hands over with; a level is 0 to 1000. Everybody can help
# with everything, so that one open desk is enough; the levels say who is asked first.
SKILLS = ["service", "orders", "complaints", "billing", "treadmills"]
AGENTS = [
    {"id": "ada", "name": "Ada", "languages": ["en", "de"], "best": ["billing", "complaints"]},
    {"id": "ben", "name": "Ben", "languages": ["en"], "best": ["orders", "service"]},
    {"id": "chloe", "name": "Chloé", "languages": ["en", "fr"], "best": ["treadmills"]},
]


def ask(up, path, body):
    with open(up["admin_token_file"], encoding="utf-8") as file:
        token = file.read().strip()
    request = urllib.request.Request(up["url"] + path, json.dumps(body).encode(), method="POST")
    request.add_header("Authorization", "Bearer " + token)
    request.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


def profile(agent):
    skills = [{"name": name, "level": 900 if name in agent["best"] else 400} for name in SKILLS]
    return {"id": agent["id"], "name": agent["name"], "languages": agent["languages"], "capacity": 4, "skills": skills}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: demo.py DIR/up.json")
    with open(sys.argv[1], encoding="utf-8") as file:
        up = json.load(file)
    print(f"Customer's page:   {up['customer_url']}")
    for agent in AGENTS:
        try:
            made = ask(up, "/v1/admin/tenants/demo/agents", profile(agent))
        except urllib.error.HTTPError as error:
            sys.exit(f"demo.py: no way in for {agent['name']}: {error} {error.read().decode(errors='replace')}")
        except OSError as error:
            sys.exit(f"demo.py: nobody answers at {up['url']}: {error}")
        link = made.get("link") or f"{up['desk_url']}#code={made['code']}"
        print(f"{'Desk, as ' + agent['name'] + ':':<18} {link}   (once; best at {', '.join(agent['best'])})")
    folder = sys.argv[1].rsplit("/", 1)[0]
    print(f"Data and logs:     {folder}  ({folder}/weftd.log)", flush=True)


if __name__ == "__main__":
    main()
