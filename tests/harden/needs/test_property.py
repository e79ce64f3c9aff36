"""Random references in random forms become exactly the needs that they stand for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harden.pieces import Object, config, gathered, service, shown, workload

FORMS = (
    ("{0}_ADDR", "{0}:{1}"),
    ("{0}_URL", "http://{0}.{2}:{1}/path?x=y"),
    ("{0}_HOST", "{0}.{2}.svc.cluster.local"),
    ("PEERS_{0}", "nowhere.invalid:1,{0}.{2}.svc:{1}"),
    ("{0}_DSN", "user:p%40ss@tcp({0}.{2}:{1})/table"),
    ("TARGET_{0}", "grpc://{0}.{2}.svc:{1}"),
)
"""Names and values of settings: of a Service, its port and its namespace; the first is for one of the own namespace."""
NAMES = ("api", "cart", "db", "web-2")
NOISE = {"LOG_LEVEL": "info", "LISTEN": ":8080", "HOME_DIR": "/srv/api", "API_VERSION": "v1", "TOKEN_NAME": "db"}
References = dict[tuple[int, int], tuple[int, str]]


@st.composite
def references(draw: st.DrawFn) -> References:
    """Who refers to whom, in which form, and whether by a variable, an argument or a ConfigMap."""
    ends = st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(lambda each: each[0] != each[1])
    how = st.tuples(st.integers(0, len(FORMS) - 1), st.sampled_from(("env", "args", "config")))
    return draw(st.dictionaries(ends, how, max_size=6))


def home(number: int) -> str:
    """Two workloads live in each of two namespaces."""
    return "ab"[number // 2]


def objects(found: References) -> list[Object]:
    """The workloads with their Services and settings."""
    made: list[Object] = []
    for number, name in enumerate(NAMES):
        env, args, held = dict(NOISE), list[str](), dict[str, str]()
        for (source, target), (form, where) in found.items():
            if source != number:
                continue
            key, value = FORMS[form if home(source) == home(target) or form else 1]
            key = key.format(NAMES[target].upper().replace("-", "_"))
            value = value.format(NAMES[target], 8000 + target, home(target))
            if where == "args":
                args.append(f"--{key.lower().replace('_', '-')}={value}")
            else:
                (env if where == "env" else held)[key] = value
        spec = {"volumes": [{"name": "v", "configMap": {"name": f"c{number}"}}]}
        made.append(workload(name, home(number), labels={"app": name}, env=env, args=args, spec=spec))
        made.append(service(name, 8000 + number, 9000 + number, home(number)))
        text = "".join(f"{key}: {value}\n" for key, value in held.items())
        made.append(config(f"c{number}", {"app.yaml": f"# a comment of api:8000\n{text}name: db\n"}, home(number)))
    return made


@given(references())
@settings(max_examples=60)
def test_references_are_needs(found: References) -> None:
    """Nothing that is referred to is missed, and nothing else is taken for a reference."""
    expected = {
        f"{home(source)}/{NAMES[source]} -> {home(target)}/{NAMES[target]} TCP/{9000 + target}"
        for source, target in found
    }
    lines = shown(gathered(*objects(found), guess=False))
    assert {line for line in lines if "nowhere" not in line} == expected
