"""`deploy/`: the files name what exists, fit each other, and tell no secret; nginx accepts its configurations."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployed import DEPLOY, ROOT, app_nginx, certificate, chroma_nginx, nginx_program

from eval.bench_http import free_port
from kb.settings import Settings
from kb.ui.site import proxies

SETTINGS = {f"KB_{name.upper()}" for name in Settings.model_fields}
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OBJECTS: list[dict[str, Any]] = [
    one
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
FILES = [p for p in sorted(DEPLOY.rglob("*")) if p.is_file()]


def held(kind: str, name: str) -> Any:
    [found] = [o for o in OBJECTS if o["kind"] == kind and o["metadata"]["name"] == name]
    return found


def pods() -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """(labels, spec) of every pod that the objects make."""
    for one in OBJECTS:
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", {}).get("template") or spec.get("template")
        if template:
            yield template["metadata"]["labels"], template["spec"]


def containers() -> Iterator[dict[str, Any]]:
    for _, spec in pods():
        yield from (*spec.get("initContainers", []), *spec["containers"])


APP: dict[str, Any] = held("Deployment", "kb")["spec"]["template"]["spec"]["containers"][0]


def test_the_settings_exist() -> None:
    compose = {name for s in SERVICES.values() for name in s.get("environment", {}) if name.startswith("KB_")}
    written = set(re.findall(r"\bKB_[A-Z_]+", "\n".join(p.read_text(encoding="utf-8") for p in FILES)))
    kubernetes = {e["name"] for c in containers() for e in c.get("env", [])} | set(held("ConfigMap", "kb")["data"])
    assert compose and compose <= SETTINGS
    assert {name for name in kubernetes if name.startswith("KB_")} <= SETTINGS
    assert written <= SETTINGS


def test_both_copies_of_the_app_are_the_same() -> None:
    one, two = SERVICES["app1"], SERVICES["app2"]
    differing = {key for key in one.keys() | two.keys() if one.get(key) != two.get(key)}
    assert (
        differing == {"volumes"} and one["volumes"][0] != two["volumes"][0] and one["volumes"][1] == two["volumes"][1]
    )
    assert one["environment"]["KB_LOCAL"] == one["volumes"][1].split(":")[1]


def test_the_version_is_that_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    images = {SERVICES["app1"]["image"], *(c["image"] for c in containers() if c["image"].startswith("kb:"))}
    assert images == {f"kb:{version}"} and f"-t kb:{version} " in DOCKERFILE


def test_the_servers_are_the_ones_that_were_tested() -> None:
    """One image of each, with its version, from no named registry; Chroma's that of the client."""
    images = {s["image"] for s in SERVICES.values()} | {c["image"] for c in containers()}
    images |= set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))
    assert all(re.fullmatch(r"(chromadb/)?[a-z]+:[\w.-]+", image) and not image.endswith("latest") for image in images)
    assert len({image.partition(":")[0] for image in images}) == len(images)
    client = re.search(r"^chromadb==(.+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert client and f"chromadb/chroma:{client[1]}" in images


def test_ports_and_names_fit() -> None:
    port = re.search(r"KB_PORT=(\d+)", DOCKERFILE)
    assert port and f"EXPOSE {port[1]}" in DOCKERFILE and f":{port[1]}/healthz" in DOCKERFILE
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"server (\S+:\d+)", nginx)) == {f"{s}:{port[1]}" for s in SERVICES if s.startswith("app")}
    assert APP["ports"] == [{"name": "http", "containerPort": int(port[1])}]
    assert held("ConfigMap", "kb")["data"]["KB_CHROMA_URL"] == SERVICES["app1"]["environment"]["KB_CHROMA_URL"]
    for name in ("chroma", "db"):
        service, stateful = held("Service", name)["spec"], held("StatefulSet", name)["spec"]
        [container] = stateful["template"]["spec"]["containers"]
        assert [p["port"] for p in service["ports"]] == [p["containerPort"] for p in container["ports"]]
    assert "@db/kb" in SERVICES["app1"]["environment"]["KB_DATABASE_URL"] and held("Service", "db")


def test_only_the_way_in_is_published() -> None:
    assert {name for name, s in SERVICES.items() if "ports" in s} == {"nginx"}
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("chroma", "db", "backup"):
        assert SERVICES[name]["networks"] == ["back"]
    assert SERVICES["nginx"]["networks"] == ["front"]
    assert all(o["spec"].get("type", "ClusterIP") == "ClusterIP" for o in OBJECTS if o["kind"] == "Service")


def test_the_app_believes_its_proxy_alone() -> None:
    [network] = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert proxies(SERVICES["app1"]["environment"]["KB_PROXY"]) == [network["subnet"]]
    assert proxies(held("ConfigMap", "kb")["data"]["KB_PROXY"])


def test_the_app_may_do_little() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    app = SERVICES["app1"]
    assert app["read_only"] and app["cap_drop"] == ["ALL"] and app["security_opt"] == ["no-new-privileges:true"]
    pod = held("Deployment", "kb")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    for container in containers():
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert {"requests", "limits"} <= container["resources"].keys()


def test_no_secret_stands_here() -> None:
    """Every value is to be replaced and says so; a start with one of them fails."""
    values = held("Secret", "kb")["stringData"]
    assert all(value.startswith("<replace: ") and value.endswith(">") for value in values.values())
    asked = {e["valueFrom"]["secretKeyRef"]["key"] for c in containers() for e in c.get("env", []) if "valueFrom" in e}
    assert asked == set(values)
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    secret = re.findall(r"(?:PASSWORD|TOKEN|kb):? ?\$?\{?(\w+):\?", text)
    assert secret and all(name in ("POSTGRES_PASSWORD", "METRICS_TOKEN") for name in secret)
    assert not re.search(r"(?:PASSWORD|TOKEN): (?!\$\{)", text)


def test_who_reaches_chroma_and_the_records() -> None:
    rules = {o["metadata"]["name"]: o["spec"] for o in OBJECTS if o["kind"] == "NetworkPolicy"}
    assert rules["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, allowed in (("chroma", {"app": "kb"}), ("db", {"kb-records": "yes"})):
        [way] = rules[name]["ingress"]
        assert rules[name]["podSelector"] == {"matchLabels": {"app": name}}
        assert way["from"] == [{"podSelector": {"matchLabels": allowed}}]
        assert [p["port"] for p in way["ports"]] == [held("Service", name)["spec"]["ports"][0]["port"]]
    reaching = {labels["app"] for labels, _ in pods() if labels.get("kb-records") == "yes"}
    assert reaching == {"kb", "backup"}


def test_copies_are_probed_and_several() -> None:
    assert held("Deployment", "kb")["spec"]["replicas"] >= 2
    probes = {name: APP[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert probes == {"startup": "/healthz", "readiness": "/readyz", "liveness": "/healthz"}
    assert held("Ingress", "kb")["spec"]["tls"][0]["secretName"]
    assert held("Ingress", "kb")["metadata"]["annotations"]["nginx.ingress.kubernetes.io/affinity"] == "cookie"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_file_is_explained(path: Path) -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert path.name == "README.md" or path.name in text


# ------------------------------------------------------------------ nginx


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-chroma.conf"])
def test_nginx_accepts_its_configuration(name: str, tmp_path: Path) -> None:
    program = nginx_program()
    certificate(tmp_path)
    if name == "nginx.conf":
        config = app_nginx(tmp_path, free_port(), free_port(), (free_port(), free_port()))
    else:
        config = chroma_nginx(tmp_path, free_port(), free_port())
    run = subprocess.run(
        [program, "-t", "-p", tmp_path, "-c", config], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert "warn" not in run.stderr, run.stderr
