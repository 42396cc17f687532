"""What schemathesis is told about this API: names of things that are there, so that calls arrive somewhere,
and two more things to look for in every answer: what belongs to another tenant, and a refusal whose code the
document does not name for the call."""

import json
import os

import schemathesis
from schemathesis import openapi
from schemathesis.core.parameters import ParameterLocation

STAGE = json.loads(os.environ["NEXUS_FUZZ_STAGE"])
CANARY = STAGE["canary"]
ASKED = os.environ["NEXUS_FUZZ_ASKED"]


def _choice(values, case):
    """The same for the same case."""
    text = json.dumps(case.query, sort_keys=True, default=str) + repr(case.body)
    return values[sum(text.encode("utf-8", "replace")) % len(values)]


@schemathesis.hook
def before_call(context, case, kwargs):
    path = (case.meta.components.get(ParameterLocation.PATH) if case.meta else None)
    if path is not None and not path.mode.is_positive:
        return
    names = {
        "project": ["shop"] if case.path != "/api/v1/projects/{project}" or case.method != "DELETE" else ["none"],
        "service": ["api", "api", "web", "other"],
        "slug": ["develop", "staging", "qa"],
        "key": ["A", "B", "C"],
        "n": [1, 2, 3],
        "slot": ["primary", "secondary"],
        "addon": ["security", "ab_testing"],
        "endpoint_slug": [STAGE["endpoint"], STAGE["foreign_endpoint"]],
    }
    if case.path.startswith("/api/v1/keys/"):
        names["id"] = [STAGE["spare_key"]]
    for name in case.path_parameters or {}:
        if name in names:
            case.path_parameters[name] = _choice(names[name], case)


@schemathesis.check
def nothing_of_another_tenant(ctx, response, case):
    text = response.content.decode("utf-8", "replace") + json.dumps(dict(response.headers), default=str)
    with open(ASKED, "a", encoding="utf-8") as asked:
        asked.write(f"{response.status_code} {case.method} {case.path}\n")
    assert CANARY not in text, "an answer holds what belongs to another tenant"


@schemathesis.check
def the_document_names_the_code(ctx, response, case):
    if response.status_code < 400 or response.status_code == 405:
        return
    responses = case.operation.definition.raw["responses"]
    response_of = responses[str(response.status_code)]
    if "$ref" in response_of:
        response_of = case.operation.schema.raw_schema["components"]["responses"][response_of["$ref"].split("/")[-1]]
    code = response.json()["code"]
    assert code in response_of["x-codes"], f"{code} is none of {response_of['x-codes']}"
