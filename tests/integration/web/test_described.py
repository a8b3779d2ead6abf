"""The OpenAPI document: complete, and true of whatever is sent (schemathesis)."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from streamer.domain.role import Role
from tests.integration.storage.clinic import booking, patient
from tests.integration.web.described import document_of
from tests.integration.web.house import House

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
METHODS = ("get", "put", "post", "patch", "delete")


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def written_as_it_is(context: schemathesis.SerializationContext, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


async def test_every_operation_is_described(house: House) -> None:
    document = await document_of(house)
    found = operations(document)
    assert len(found) > 30
    ids = [operation["operationId"] for _, operation in found]
    assert len(ids) == len(set(ids))
    for name, operation in found:
        assert operation.get("summary"), name
        assert operation.get("description"), name
        errors = {status: one for status, one in operation["responses"].items() if status >= "400"}
        for status, one in errors.items():
            assert list(one["content"]) == ["application/problem+json"], (name, status)
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            assert "415" in errors, name
        if not name.endswith("/health"):
            assert {"401", "403", "422", "503"} <= set(errors) or "/oidc" in name, name


async def all_of_it(house: House, examples: int, *modes: GenerationMode) -> Counter[str]:
    """Send what fits the document and what does not; returns how often each status came."""
    await house.clinic.import_patients(patient(17), patient(1))
    await house.clinic.import_bookings(booking(1))
    document = await document_of(house)
    await house.api.account("everybody", *(one for one in Role if one is not Role.INSURER))
    token = await house.api.token("everybody")
    generation = GenerationConfig(modes=list(modes))
    config = SchemathesisConfig(
        projects=ProjectsConfig(default=ProjectConfig(generation=generation))
    )
    schema = schemathesis.openapi.from_dict(document, config=config)
    statuses: Counter[str] = Counter()

    def work() -> None:
        for result in schema.get_all_operations():
            assert isinstance(result, Ok)
            for mode in modes:
                # Where nothing can be sent there is nothing to send wrongly.
                with suppress(Unsatisfiable):
                    checked(result.ok(), mode)()

    def checked(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> Any:
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            headers = {"Authorization": f"Bearer {token}"}
            answer = case.call(base_url=house.api.url, headers=headers)
            statuses[f"{operation.label} {answer.status_code}"] += 1
            case.validate_response(answer, checks=CHECKS)

        return check

    await asyncio.to_thread(work)
    return statuses


@pytest.mark.long
async def test_whatever_is_sent_is_answered_as_described(house: House) -> None:
    statuses = await all_of_it(house, 2, GenerationMode.POSITIVE)
    assert sum(statuses.values()) > 40


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_much_more_of_it(house: House) -> None:
    statuses = await all_of_it(house, 4, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    assert sum(statuses.values()) > 300
