"""The OpenAPI description: parameters from what views read, problems on every operation."""

from typing import Any

from django.utils.encoding import force_str
from drf_spectacular import openapi
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from config.problems import CONTENT_TYPE
from elections.api.base import Operation
from elections.filtering import StrictFilter
from elections.strict import Param

SAFE = {"get", "head", "options"}
META: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data_version": {"type": "integer", "description": "Newest change this answer knows."},
        "licence": {"type": "string"},
        "filters_applied": {"type": "object", "description": "The query as it was understood."},
        "count": {"type": "integer", "description": "Only with count=true."},
    },
    "required": ["data_version", "licence", "filters_applied"],
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. “type” is an address that says what to do.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "parameter": {"type": "string"},
                    "field": {"type": "string"},
                    "detail": {"type": "string"},
                    "nearest": {"type": "string", "description": "What was perhaps meant."},
                },
                "required": ["detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}
SAID = {
    400: "Something could not be understood; “errors” names it.",
    401: "The token is not valid, or you are not signed in.",
    403: "Your role or your token does not allow it.",
    404: "It does not exist, or it is not for you to see.",
    406: "This format is not offered.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "Too many requests; “Retry-After” says when.",
    503: "The service is not available; “Retry-After” says when.",
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "observers.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "dauys_…"}


class DeviceScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "observers.authentication.DeviceAuthentication"
    name = "device"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        said = "Dauys-Device <device>.<challenge>.<signature>; see docs/api.md, “For a phone”."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": said}


class AutoSchema(openapi.AutoSchema):
    """Reads what views say of themselves: `query_params`, `filters`, `documented`."""

    view: Any  # an Endpoint
    naming = False

    def get_operation_id(self) -> str:
        self.naming = True
        try:
            name: str = super().get_operation_id()
        finally:
            self.naming = False
        return name

    def _is_list_view(self, serializer: Any = None) -> bool:
        """In names only: lists come in the envelope, and would be described as bare arrays."""
        is_list: bool = self.naming and super()._is_list_view(serializer)
        return is_list

    def _map_serializer_field(
        self, field: Any, direction: Any, bypass_extensions: bool = False
    ) -> Any:
        """What is only read may be empty where its column may: spectacular forgets that."""
        mapped: Any = super()._map_serializer_field  # has no types
        told = mapped(field, direction, bypass_extensions)
        if told.get("format") == "time":
            told["format"] = "time-local"  # that of RFC 3339 has an offset
        column = _column(field)
        if column is not None and field.read_only:
            if column.blank and "enum" in told and "" not in told["enum"]:
                told["enum"] = [*told["enum"], ""]
            if column.null and isinstance(told.get("type"), str):
                told["type"] = [told["type"], "null"]
        return told

    def documented(self) -> Operation:
        found: Operation | None = self.view.documented.get(self.view.action)
        if found is not None:
            return found
        answer = getattr(self.view, "serializer_class", None)
        return Operation(answer=answer, rows=self.view.action == "list")

    def get_summary(self) -> str | None:
        return self.documented().summary or None

    def get_override_parameters(self) -> list[Any]:
        action = self.view.action
        params = [_from_param(one) for one in self.view.query_params.get(action, ())]
        filters = self.view.filters.get(action)
        if filters is not None:
            params += [_from_filter(name, one) for name, one in filters.base_filters.items()]
        return params

    def get_request_serializer(self) -> Any:
        body = self.documented().body
        return {"application/json": body} if isinstance(body, dict) else body

    def get_response_serializers(self) -> Any:
        said = self.documented()
        answer = said.answer
        if answer is not None and not isinstance(answer, dict):
            answer = self.resolve_serializer(answer, "response").ref
        if said.rows:
            answer = _envelope(answer or {"type": "object"})
        responses: dict[Any, Any] = {}
        for status in said.success:
            if answer or not said.files:
                responses[status, "application/json"] = OpenApiResponse(
                    answer or {"type": "object"}
                )
            for media_type in said.files:
                kind = "object" if media_type.endswith("+json") else "string"
                responses[status, media_type] = OpenApiResponse({"type": kind})
        return responses

    def get_examples(self) -> list[OpenApiExample]:
        said, found = self.documented(), []
        if said.example is not None:
            body = _listed(said.example) if said.rows else said.example
            found.append(_example("answer", body, response_only=True, said=said))
        if said.body_example is not None:
            found.append(_example("body", said.body_example, request_only=True, said=said))
        return found

    def get_extensions(self) -> dict[str, Any]:
        """What `document_problems` needs to know; it takes this away again."""
        return {"x-also": dict(self.documented().also)}


def _column(field: Any) -> Any:
    """Of the model, when the field shows one as it is."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    names = {} if model is None else {column.name: column for column in model._meta.fields}
    return names.get(getattr(field, "source", None) or "")


def _example(name: str, body: Any, *, said: Operation, **where: Any) -> OpenApiExample:
    return OpenApiExample(
        name,
        value=body,
        media_type="application/json",
        status_codes=[str(status) for status in said.success],
        **where,
    )


def _envelope(row: dict[str, Any]) -> dict[str, Any]:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "properties": {
            "results": {"type": "array", "items": row},
            "next": link,
            "previous": link,
            "meta": META,
        },
        "required": ["results", "next", "previous", "meta"],
    }


def _listed(row: Any) -> dict[str, Any]:
    meta = {"data_version": 42, "licence": "CC-BY-4.0", "filters_applied": {}}
    return {"results": [row], "next": None, "previous": None, "meta": meta}


def _from_param(param: Param) -> OpenApiParameter:
    schema: dict[str, Any] = {"type": "string"}
    if param.kind == "integer":
        schema = {"type": "integer", "minimum": param.minimum, "maximum": param.maximum}
    elif param.kind == "boolean":
        schema = {"type": "boolean"}
    elif param.choices:
        schema = {"type": "string", "enum": list(param.choices)}
    if param.default is not None:
        schema["default"] = param.default
    return _parameter(param.name, schema, param.about, param.many, param.example, param.required)


def _from_filter(name: str, one: StrictFilter) -> OpenApiParameter:
    return _parameter(name, one.schema, one.about, one.many, one.example)


def _parameter(
    name: str, schema: dict[str, Any], about: Any, many: bool, example: str, required: bool = False
) -> OpenApiParameter:
    if many and schema.get("type") != "array":
        schema = {"type": "array", "items": schema}
    text = force_str(about)
    if example:
        text += f" Example: {example}"
    return OpenApiParameter(
        name,
        type=schema,
        description=text.strip(),
        required=required,
        # Repeated or with commas; both mean or.
        style="form" if many else None,
        explode=False if many else None,
    )


def document_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Every operation names the statuses it can end with, and the shape all problems share."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path in result["paths"].values():
        for method, operation in path.items():
            if isinstance(operation, dict) and "responses" in operation:
                _add_problems(method, operation)
    return result


def _add_problems(method: str, operation: dict[str, Any]) -> None:
    statuses = {400, 401, 406, 429, 503}
    if {} not in operation.get("security", []):
        statuses.add(403)
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        statuses.add(404)
    if method not in SAFE:
        statuses |= {413, 415}
    said = {status: SAID[status] for status in statuses} | operation.pop("x-also", {})
    for status, text in sorted(said.items()):
        operation["responses"].setdefault(str(status), _answer(status, text))
    operation["responses"]["default"] = _answer(500, "Any other problem.")


def _answer(status: int, text: str) -> dict[str, Any]:
    if status < 400:
        return {"description": text}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {CONTENT_TYPE: {"schema": schema}}}
