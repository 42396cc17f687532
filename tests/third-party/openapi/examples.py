"""Every example in the document fits the schema that stands beside it."""

import json
import os
import sys
import urllib.request

import jsonschema_rs

with urllib.request.urlopen(os.environ["NEXUS_ORIGIN"] + "/api/openapi.json") as answer:
    document = json.load(answer)

wrong = []


def check(place, holder):
    if "example" not in holder or "schema" not in holder:
        return
    schema = {**holder["schema"], "components": document["components"]}
    for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(holder["example"]):
        wrong.append(f"{place}: {error.message} at {'/'.join(map(str, error.instance_path))}")


for path, item in document["paths"].items():
    for method, operation in item.items():
        place = f"{method.upper()} {path}"
        for parameter in operation.get("parameters", []):
            check(f"{place} {parameter['name']}", parameter)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            check(f"{place} body", content)
        for status, response in operation["responses"].items():
            for kind, content in response.get("content", {}).items():
                check(f"{place} {status} {kind}", content)
for name, response in document["components"]["responses"].items():
    for content in response["content"].values():
        check(name, content)

# An empty text would be taken for a failure.
sys.exit("\n".join(wrong) or 0)
