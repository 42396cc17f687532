"""OpenFeature's own provider for Python: for each line on its input it evaluates every type and writes
one line of JSON. Address, key and context come as arguments."""

import json
import sys

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

base_url, key, context = sys.argv[1:]
fields = json.loads(context)
who = EvaluationContext(targeting_key=fields.pop("targetingKey"), attributes=fields)
provider = OFREPProvider(base_url, headers_factory=lambda: {"Authorization": f"Bearer {key}"})
api.set_provider(provider)
client = api.get_client()


def told(details):
    error = details.error_code
    return {
        "value": details.value,
        "variant": details.variant,
        "reason": str(getattr(details.reason, "value", details.reason)),
        "error": getattr(error, "value", error),
    }


for _ in sys.stdin:
    answers = {
        "boolean": told(client.get_boolean_details("of-boolean", False, who)),
        "text": told(client.get_string_details("of-text", "default", who)),
        "integer": told(client.get_integer_details("of-integer", 0, who)),
        "float": told(client.get_float_details("of-float", 0.0, who)),
        "object": told(client.get_object_details("of-object", {}, who)),
        "missing": told(client.get_boolean_details("of-missing", True, who)),
        "mismatch": told(client.get_string_details("of-boolean", "default", who)),
    }
    print(json.dumps(answers), flush=True)
