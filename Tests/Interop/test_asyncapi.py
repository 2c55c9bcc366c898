"""The AsyncAPI document is valid, and names every public message with an existing schema."""

import subprocess
import sys

import yaml

from conftest import ROOT, SCHEMAS, SHARED, needs

CONTRACTS = ROOT / "ops" / "contracts"


def test_document_is_asyncapi_3():
    official = needs(SHARED / "schemas" / "asyncapi-3.0.0.schema.json", "the JSON Schema of AsyncAPI 3.0.0")
    subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--schemafile", official, CONTRACTS / "asyncapi.yaml"], check=True)


def test_every_message_is_in_it_and_every_reference_leads_somewhere():
    document = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text())
    messages = document["components"]["messages"]
    # Ticks of the virtual clock are not for integrators.
    assert set(messages) == {path.name.removesuffix(".json") for path in SCHEMAS.glob("*.json")} - {"clock.moved.v1"}
    for name, message in messages.items():
        assert (CONTRACTS / message["payload"]["schema"]["$ref"]).is_file(), name
        for trait in message["traits"]:
            assert trait["$ref"].split("/")[-1] in document["components"]["messageTraits"]
    listed = [reference["$ref"] for channel in document["channels"].values() for reference in channel["messages"].values()]
    assert sorted(listed) == sorted(f"#/components/messages/{name}" for name in messages)
