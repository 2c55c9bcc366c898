"""Python models generated from the schemas parse every notice."""

import importlib
import subprocess
import sys

from conftest import SCHEMAS, schema


def test_generated_models_parse_every_notice(tmp_path, notices, monkeypatch):
    subprocess.run(
        [
            sys.executable, "-m", "datamodel_code_generator", "--input", SCHEMAS, "--input-file-type", "jsonschema",
            "--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11", "--output", tmp_path / "models",
        ],
        check=True, capture_output=True)
    monkeypatch.syspath_prepend(tmp_path)
    for notice in notices:
        module = importlib.import_module("models." + notice["type"].replace(".", "_"))
        model = getattr(module, schema(notice["type"])["title"]).model_validate(notice["data"])
        assert model.terms == notice["data"]["terms"]
