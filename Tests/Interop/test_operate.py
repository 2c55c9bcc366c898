"""Third-party tools check the files in ops/ for running Laurel."""

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

import kubernetes_validate
import pytest
import yaml

from conftest import BIN, ROOT, SHARED, needs

OPS = ROOT / "ops"
OBSERVABILITY = OPS / "observability"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = OPS / "container" / "Dockerfile"
PARTITIONS = 12


def tool(name):
    return needs(shutil.which(name) or name, f"the program {name}")


def output(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def programs():
    """The programs in the image."""
    return re.findall(r"/src/\.build/release/(\S+)", DOCKERFILE.read_text())


def services():
    """The services whose instances share partitions. Every portal instance reads everything."""
    return [program for program in programs() if program not in ("laurel", "portal")]


def check_expressions(expressions, folder):
    """Prometheus parses the alarms and its configuration."""
    assert expressions
    rules = folder / "rules.yml"
    recorded = [{"record": f"r{number}", "expr": expression} for number, expression in enumerate(expressions)]
    rules.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": recorded}]}))
    output(tool("promtool"), "check", "rules", rules)


# Image and compose


def test_the_dockerfile():
    output(pathlib.Path(sys.executable).parent / "hadolint", DOCKERFILE)


def test_the_compose_file_is_one():
    output(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml")


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_confined(name):
    container = COMPOSE["services"][name]
    assert container["cap_drop"] == ["ALL"] and container["security_opt"] == ["no-new-privileges:true"]
    assert container["pids_limit"] and container["mem_limit"]
    # Kafka writes its configuration in place.
    assert container.get("read_only") is True or name == "kafka"
    assert re.search(r":v?\d+\.\d", container["image"]), "the image has no release tag"


@pytest.mark.parametrize("name", services())
def test_every_service_has_its_name_its_state_and_its_health(name):
    container = COMPOSE["services"][name]
    assert container["command"] == [name, "--instance", f"{name}-1"]
    assert f"{name}:{container['environment']['LAUREL_STATE']}" in container["volumes"] and name in COMPOSE["volumes"]
    assert container["healthcheck"]["test"] == ["CMD", "laurel", "health", "http://127.0.0.1:8080"]


def test_the_portal_has_its_pages_its_keys_and_its_health():
    container = COMPOSE["services"]["portal"]
    command = container["command"]
    assert command[0] == "portal" and "portal" in programs()
    assert command[command.index("--keys") + 1] == "/run/secrets/portal-keys" and container["secrets"] == ["portal-keys"]
    assert command[command.index("--pages") + 1] == "0.0.0.0:8090" and container["ports"] == ["127.0.0.1:8090:8090"]
    assert f"portal:{container['environment']['LAUREL_STATE']}" in container["volumes"] and "portal" in COMPOSE["volumes"]
    assert container["healthcheck"]["test"] == ["CMD", "laurel", "health", "http://127.0.0.1:8080"]


# Kubernetes


@pytest.fixture(scope="session")
def manifests():
    def built(folder):
        return list(yaml.safe_load_all(output(tool("kubectl"), "kustomize", OPS / "kubernetes" / folder)))

    return {"base": built("base"), "production": built("overlays/production")}


@pytest.mark.parametrize("which", ["base", "production"])
def test_every_manifest_is_of_its_kind(manifests, which, tmp_path):
    foreign = {"ScaledObject": "keda-scaledobject-v1alpha1", "KafkaTopic": "strimzi-kafkatopic-v1", "KafkaUser": "strimzi-kafkauser-v1"}
    files = {}
    for number, manifest in enumerate(manifests[which]):
        if manifest["kind"] not in foreign:
            kubernetes_validate.validate(manifest, "1.37", strict=True)
            continue
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(manifest))
        files.setdefault(manifest["kind"], []).append(file)
    for kind, found in files.items():
        schema = needs(SHARED / "schemas" / f"{foreign[kind]}.schema.json", f"the schema of {kind}")
        output(sys.executable, "-m", "check_jsonschema", "--schemafile", schema, *found)
    assert files.keys() == foreign.keys()


def test_every_service_has_all_that_it_needs(manifests):
    found = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests["production"]}
    assert {manifest["metadata"]["namespace"] for manifest in found.values()} == {"laurel"}
    sets = [name for kind, name in found if kind == "StatefulSet"]
    assert sorted(sets) == sorted(f"laurel-{name}" for name in [*services(), "portal"])
    for service in services():
        name = f"laurel-{service}"
        labels = {"app.kubernetes.io/component": service, "app.kubernetes.io/part-of": "laurel"}
        spec = found["StatefulSet", name]["spec"]
        assert spec["template"]["metadata"]["labels"] == labels == spec["selector"]["matchLabels"]
        assert found["Service", spec["serviceName"]]["spec"]["selector"] == labels
        assert found["PodDisruptionBudget", name]["spec"]["selector"]["matchLabels"] == labels
        scaling = found["ScaledObject", name]["spec"]
        assert scaling["scaleTargetRef"] == {"kind": "StatefulSet", "name": name}
        assert (scaling["minReplicaCount"], scaling["maxReplicaCount"]) == (1, PARTITIONS)
        pod = spec["template"]["spec"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert ("ConfigMap", volumes["terms"]["configMap"]["name"]) in found
        own, cluster = [source["secret"]["name"] for source in volumes["kafka"]["projected"]["sources"]]
        user = found["KafkaUser", own]
        assert own == service and cluster == user["metadata"]["labels"]["strimzi.io/cluster"] + "-cluster-ca-cert"
        assert found["NetworkPolicy", "laurel"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()


def test_the_portal_has_all_that_it_needs(manifests):
    found = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests["production"]}
    labels = {"app.kubernetes.io/component": "portal", "app.kubernetes.io/part-of": "laurel"}
    spec = found["StatefulSet", "laurel-portal"]["spec"]
    assert spec["template"]["metadata"]["labels"] == labels == spec["selector"]["matchLabels"]
    pod = spec["template"]["spec"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["keys"]["secret"]["secretName"] == "laurel-portal-keys"
    assert volumes["kafka"]["projected"]["sources"][0]["secret"]["name"] == "portal" and ("KafkaUser", "portal") in found
    mounts = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    settings = {entry["name"]: entry.get("value") for entry in pod["containers"][0]["env"]}
    assert settings["LAUREL_KEYS"].startswith(mounts["keys"] + "/") and settings["LAUREL_STATE"] == mounts["state"]
    # A deleted pod may have requests that the bus has not confirmed.
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    pages = found["Service", "laurel-portal-pages"]["spec"]
    assert pages["selector"] == labels and [port["targetPort"] for port in pages["ports"]] == ["pages"]
    assert {port["name"]: port["containerPort"] for port in pod["containers"][0]["ports"]} == {"http": 8080, "pages": 8090}
    policy = found["NetworkPolicy", "laurel-portal-pages"]["spec"]
    assert policy["podSelector"]["matchLabels"] == labels and policy["ingress"][0]["ports"] == [{"port": 8090}]
    scaling = found["ScaledObject", "laurel-portal"]["spec"]
    assert scaling["scaleTargetRef"] == {"kind": "StatefulSet", "name": "laurel-portal"}
    assert scaling["triggers"][0]["type"] == "cpu" and scaling["minReplicaCount"] == 2


def test_scaling_asks_prometheus_what_it_understands(manifests, tmp_path):
    objects = [manifest["spec"] for manifest in manifests["base"] if manifest["kind"] == "ScaledObject" and manifest["metadata"]["name"] != "laurel-portal"]
    queries = [trigger["metadata"]["query"] for spec in objects for trigger in spec["triggers"]]
    assert sorted(queries) == sorted(f'sum(laurel_lag_records{{job="{name}"}})' for name in services())
    check_expressions(queries, tmp_path)


def test_topics_and_rights_are_those_of_the_catalogue():
    committed = (OPS / "kubernetes" / "base" / "topics.yaml").read_text()
    command = f"laurel topics manifests --partitions {PARTITIONS}"
    assert committed == f"# {command}\n" + output(BIN / "laurel", *command.split()[1:])


def test_a_service_understands_the_settings_of_manifests_and_compose(manifests, tmp_path):
    """The program must end because of its state folder, not earlier because of a setting."""
    sets = [manifest["spec"]["template"]["spec"] for manifest in manifests["production"] if manifest["kind"] == "StatefulSet"]
    settings = {entry["name"]: entry.get("value", "x") for entry in sets[0]["containers"][0]["env"]}
    for given in (settings, COMPOSE["services"]["accrual"]["environment"]):
        environment = dict(given, PATH=os.environ["PATH"], LAUREL_TERMS=str(OPS / "terms"), LAUREL_STATE="/proc/none", LAUREL_CLOCK="system")
        done = subprocess.run([BIN / "accrual"], env=environment, capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and "--state /proc/none: cannot create this folder" in done.stderr, done.stderr


# Prometheus and Grafana


def test_the_alarms():
    output(tool("promtool"), "check", "rules", OBSERVABILITY / "alerts.yml")
    output(tool("promtool"), "test", "rules", OBSERVABILITY / "alerts.test.yml")


def test_every_alarm_has_a_test_in_which_it_is_quiet_and_then_fires():
    groups = yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())["groups"]
    tests = yaml.safe_load((OBSERVABILITY / "alerts.test.yml").read_text())["tests"]
    assert [test["name"] for test in tests] == [rule["alert"] for group in groups for rule in group["rules"]]
    for test in tests:
        quiet, firing = test["alert_rule_test"]
        assert quiet["alertname"] == firing["alertname"] == test["name"]
        assert not quiet.get("exp_alerts") and firing["exp_alerts"]


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-kubernetes.yml"])
def test_the_scrape_configurations(name):
    output(tool("promtool"), "check", "config", OBSERVABILITY / name)
    named = set(re.findall(r"\b(?:laurel-|names: \[)?(\w+)(?::8080|\.laurel\.svc|\], type: A, port: 8080)", (OBSERVABILITY / name).read_text()))
    assert named == {*services(), "portal"}


def test_the_board(tmp_path):
    board = json.loads((OBSERVABILITY / "grafana" / "laurel.json").read_text())
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    check_expressions([target["expr"] for panel in panels for target in panel["targets"]], tmp_path)
    places = [panel["gridPos"] for panel in panels]
    for number, one in enumerate(places):
        assert one["x"] + one["w"] <= 24
        for other in places[:number]:
            apart = one["x"] >= other["x"] + other["w"] or other["x"] >= one["x"] + one["w"]
            assert apart or one["y"] >= other["y"] + other["h"] or other["y"] >= one["y"] + one["h"]


class Instance:
    """A service on the bus, and the address of its metrics."""

    def __init__(self, bus, service):
        log = bus.folder / f"{service}.log"

        def port():
            return next((json.loads(line)["http"] for line in log.read_text().splitlines() if '"started"' in line), None)

        bus.until(60, port, f"{service} has started")
        self.address = f"http://127.0.0.1:{port()}"

    def is_ready(self):
        return subprocess.run([BIN / "laurel", "health", self.address], capture_output=True).returncode == 0

    def metrics(self):
        return urllib.request.urlopen(f"{self.address}/metrics", timeout=10).read().decode()

    def values(self, name):
        return [float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (.*)$", self.metrics(), re.M)]


def test_what_a_live_service_exports(bus):
    accrual = Instance(bus, "accrual")
    bus.until(60, accrual.is_ready, "accrual is ready")
    output(tool("promtool"), "check", "metrics", text=accrual.metrics())
    assert re.search(r'^laurel_build_info\{version="[^"]+"\} 1$', accrual.metrics(), re.M)


def test_what_a_live_portal_exports(bus, tmp_path):
    keys = tmp_path / "keys.json"
    secret = "A" * 43
    key = {"kid": "one", "kty": "oct", "alg": "HS256", "k": secret}
    keys.write_text(json.dumps({"issuer": "https://app.example.com", "audience": "laurel", "keys": [key], "secrets": [secret]}))
    bus.start(
        bus.folder / "portal.log", BIN / "portal", *bus.connection(), "--terms", OPS / "terms", "--state", tmp_path, "--keys", keys,
        "--pages", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log-format", "json")
    portal = Instance(bus, "portal")
    bus.until(60, portal.is_ready, "the portal is ready")
    bus.until(60, lambda: 0 <= portal.values("laurel_portal_stale_seconds")[0] < 10, "the age of its figures is known")
    assert portal.values("laurel_portal_behind_records") == [0]
    output(tool("promtool"), "check", "metrics", text=portal.metrics())
    assert re.search(r'^laurel_build_info\{version="[^"]+"\} 1$', portal.metrics(), re.M)


def test_a_backlog_shows_how_old_its_events_are(bus, tmp_path):
    count, age = 30_000, 3600
    paid_at = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)).isoformat(timespec="milliseconds")
    backlog = tmp_path / "backlog.jsonl"
    with backlog.open("w") as lines:
        for number in range(count):
            payment = {"payment": f"late-{number}", "account": f"late-{number % 50}", "paidAt": paid_at, "amount": 1000, "currency": "USD", "lines": []}
            event = {"specversion": "1.0", "id": f"late-{number}", "source": "/interop", "type": "payment.settled.v1", "program": "tiers", "time": paid_at}
            print(json.dumps(event | {"data": payment}), file=lines)
    output(BIN / "laurel", "publish", backlog, "--bootstrap", bus.bootstrap)
    bus.service("discounts")
    discounts = Instance(bus, "discounts")
    seen = []

    def is_through():
        seen.extend(discounts.values("laurel_event_time_lag_seconds"))
        return seen and max(seen) > 0 and not any(discounts.values("laurel_event_time_lag_seconds") + discounts.values("laurel_lag_records"))

    bus.until(60, is_through, "the backlog is through, and its age was seen")
    assert age <= max(seen) < age + 300
    assert discounts.values("laurel_timers_overdue_seconds") == [0, 0]
