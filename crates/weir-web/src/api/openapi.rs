//! The OpenAPI document, made of the same list as the router.

use super::exports::is_private;
use super::request::ApiFormat;
use super::{ApiParameter, ApiRoute, ROUTES};
use axum::Json;
use serde_json::{Map, Value, json};
use weir_store::views::export::{ColumnKind, ExportColumn};

/// Serves the document.
pub(super) async fn document() -> Json<Value> {
    Json(written())
}

fn written() -> Value {
    let paths: Map<String, Value> = ROUTES
        .iter()
        .map(|route| (route.path.to_owned(), json!({ "get": operation(route) })))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Weir",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Jobs, their history and changes, openings, roles, runs, alerts and reports. Read-only. Pages continue with `next`; a follower of changes keeps `cursor`."
        },
        "paths": paths,
        "components": {
            "schemas": { "Refusal": refusal() },
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "From `weir tokens create`; not needed where there are no users" } }
        },
        "security": [{}, { "token": [] }]
    })
}

fn operation(route: &ApiRoute) -> Value {
    let mut parameters: Vec<Value> = route.parameters.iter().map(|one| parameter(one)).collect();
    if route.path.contains("{id}") {
        parameters.insert(0, json!({ "name": "id", "in": "path", "required": true, "description": "The job", "schema": { "type": "string", "format": "uuid" } }));
    }
    json!({
        "operationId": route.path.trim_start_matches("/api/v1/").replace("/{id}", "_one").replace(['/', '.'], "_"),
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses(route),
    })
}

fn parameter(parameter: &ApiParameter) -> Value {
    let schema = match (parameter.name, parameter.form) {
        ("format", _) => json!({ "type": "string", "enum": ["json", "ndjson", "csv"] }),
        ("limit", _) => json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 }),
        (_, form @ ("date-time" | "uuid")) => json!({ "type": "string", "format": form }),
        (_, form) => json!({ "type": form }),
    };
    json!({ "name": parameter.name, "in": "query", "required": false, "description": parameter.about, "schema": schema })
}

fn responses(route: &ApiRoute) -> Value {
    let refused = |what: &str| json!({ "description": what, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } } });
    let mut responses = json!({
        "200": rows(route),
        "304": { "description": "The client has this answer already: `If-None-Match` named its entity tag" },
        "401": refused("Nobody is logged in, or the token is not in use"),
        "403": refused("Who asks may not do that"),
        "400": refused("A parameter is unknown or cannot be read"),
        "404": refused("There is no such institution or job"),
        "410": refused("The job was removed on request"),
        "503": refused("The database cannot be read now"),
    });
    if route.path.starts_with("/api/v1/changes") {
        responses["409"] = refused("This database cannot continue from the cursor");
    }
    responses
}

fn rows(route: &ApiRoute) -> Value {
    let row = row(&(route.columns)());
    let mut members = json!({
        "data": { "type": "array", "items": row.clone() },
        "next": { "type": ["string", "null"], "description": "The address of the page that follows" },
    });
    let mut headers = json!({
        "ETag": { "schema": { "type": "string" } },
        "Link": { "description": "The page that follows", "schema": { "type": "string" } },
    });
    let mut required = vec!["data", "next"];
    if route.parameters.iter().any(|one| one.name == "cursor") {
        members["cursor"] = json!({ "type": "string", "description": "Where to go on next time" });
        headers["Weir-Cursor"] =
            json!({ "description": "Where to go on next time", "schema": { "type": "string" } });
        required.push("cursor");
    }
    let whole = json!({ "type": "object", "required": required, "properties": members, "additionalProperties": false });
    let content = if route.form == Some(ApiFormat::Atom) {
        json!({ "application/atom+xml": { "schema": { "type": "string" } } })
    } else {
        json!({
            "application/json": { "schema": whole },
            "application/x-ndjson": { "schema": row },
            "text/csv": { "schema": { "type": "string" } },
        })
    };
    json!({ "description": "A page of rows", "headers": headers, "content": content })
}

/// A row: every column is there, and may be empty; contacts alone are left out for most.
fn row(columns: &[ExportColumn]) -> Value {
    let properties: Map<String, Value> = columns
        .iter()
        .map(|column| (column.name.to_owned(), schema(column.kind)))
        .collect();
    let required = columns.iter().filter(|column| !is_private(column));
    let required: Vec<&str> = required.map(|column| column.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn schema(kind: ColumnKind) -> Value {
    match kind {
        ColumnKind::Text => json!({ "type": ["string", "null"] }),
        ColumnKind::Number => json!({ "type": ["integer", "null"] }),
        ColumnKind::Instant => json!({ "type": ["string", "null"], "format": "date-time" }),
        ColumnKind::Day => json!({ "type": ["string", "null"], "format": "date" }),
        ColumnKind::Texts => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
        ColumnKind::Json => json!({}),
    }
}

fn refusal() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["message", "help"],
            "properties": { "message": { "type": "string" }, "help": { "type": "string" } }
        } }
    })
}
