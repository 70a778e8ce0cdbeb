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

AGENTS = [
    {"id": "ada", "name": "Ada", "languages": ["en", "de"], "capacity": 4,
     "skills": [{"name": "billing", "level": 90}, {"name": "orders", "level": 60}]},
    {"id": "ben", "name": "Ben", "languages": ["en"], "capacity": 4,
     "skills": [{"name": "orders", "level": 90}, {"name": "returns", "level": 80}]},
    {"id": "chloe", "name": "Chloé", "languages": ["en", "fr"], "capacity": 4,
     "skills": [{"name": "technical", "level": 90}, {"name": "returns", "level": 50}]},
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


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: demo.py DIR/up.json")
    with open(sys.argv[1], encoding="utf-8") as file:
        up = json.load(file)
    print(f"Customer's page:   {up['customer_url']}")
    for agent in AGENTS:
        try:
            made = ask(up, "/v1/admin/tenants/demo/agents", agent)
        except urllib.error.HTTPError as error:
            sys.exit(f"demo.py: no way in for {agent['name']}: {error} {error.read().decode(errors='replace')}")
        skills = ", ".join(skill["name"] for skill in agent["skills"])
        link = made.get("link") or f"{up['desk_url']}#code={made['code']}"
        print(f"{'Desk, as ' + agent['name'] + ':':<18} {link}   (once; {skills})")
    folder = sys.argv[1].rsplit("/", 1)[0]
    print(f"Data and logs:     {folder}  ({folder}/weftd.log)", flush=True)


if __name__ == "__main__":
    main()
