//! The language as JSON Schema, for editors: written from the same tables that the parser reads.
//!
//! It says what a schema can say. What hangs together across keys (ids that are unique, `as` without `for_each`) only
//! the parser finds.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::language::EXPECT;
use super::language::FILES;
use super::language::Key;
use super::language::PLAYBOOK;
use super::language::STEP;
use super::language::Shape;
use super::language::VAR;
use super::language::VERBS;
use super::language::Verb;

const NAME: &str = "^[a-z][a-z0-9_]*$";
/// No template: it has to be known before anything runs.
pub(super) const WRITTEN_OUT: &str = r"^(?!.*\{[{%]).*\S";
pub(super) const TEMPLATE: &str = r"\{[{%]";
const JSON_PATH: &str = r"^\$";

/// The schema of a playbook, draft 2020-12.
pub fn json_schema() -> Json {
    let mut definitions = Map::new();
    for key in STEP {
        definitions.insert(format!("step.{}", key.name), described(key));
    }
    for verb in VERBS {
        definitions.insert(verb.name.to_owned(), step(verb));
    }
    let steps: Vec<Json> = VERBS.iter().map(|verb| reference(verb.name)).collect();
    definitions.insert("step".to_owned(), json!({ "oneOf": steps }));
    definitions.insert("var".to_owned(), map_of(VAR));

    let mut schema = map_of(PLAYBOOK);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "sugarmill playbook".into();
    schema["$defs"] = Json::Object(definitions);
    schema
}

/// A step with this verb.
fn step(verb: &Verb) -> Json {
    let mut properties = Map::new();
    let mut required = vec![Json::from(verb.name)];
    for key in STEP.iter().filter(|key| verb.goes_with(key.name)) {
        properties.insert(
            key.name.to_owned(),
            reference(&format!("step.{}", key.name)),
        );
        required.extend(key.is_required().then(|| Json::from(key.name)));
    }
    let mut subject = shape(verb.subject);
    describe(&mut subject, verb.help);
    properties.insert(verb.name.to_owned(), subject);
    for key in verb.arguments {
        properties.insert(key.name.to_owned(), described(key));
        required.extend(key.is_required().then(|| Json::from(key.name)));
    }
    let mut step = closed(&properties, &required);
    if !verb.either.is_empty() {
        let either = verb.either.iter().map(|name| json!({ "required": [name] }));
        step["oneOf"] = either.collect();
    }
    step
}

/// A map with these keys and no others.
fn map_of(keys: &[Key]) -> Json {
    let properties: Map<String, Json> = keys
        .iter()
        .map(|key| (key.name.to_owned(), described(key)))
        .collect();
    let required: Vec<Json> = keys
        .iter()
        .filter(|key| key.is_required())
        .map(|key| Json::from(key.name))
        .collect();
    closed(&properties, &required)
}

fn closed(properties: &Map<String, Json>, required: &[Json]) -> Json {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn described(key: &Key) -> Json {
    let mut schema = shape(key.shape);
    describe(&mut schema, key.help);
    schema
}

fn describe(schema: &mut Json, help: &str) {
    if let Json::Object(schema) = schema {
        schema.insert("description".to_owned(), help.into());
    }
}

pub(super) fn reference(definition: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn shape(shape: Shape) -> Json {
    match shape {
        Shape::Version => json!({ "const": 1 }),
        Shape::Text | Shape::Template => json!({ "type": "string" }),
        Shape::Name => json!({ "type": "string", "pattern": NAME }),
        Shape::SugarName => json!({ "type": "string", "pattern": WRITTEN_OUT }),
        Shape::Expression => json!({ "type": ["string", "boolean"] }),
        Shape::Expressions => one_or_more(&self::shape(Shape::Expression)),
        Shape::JsonPath => json!({ "type": "string", "pattern": JSON_PATH }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::WholeNumber(lowest) => json!({ "type": "integer", "minimum": lowest }),
        Shape::PositiveNumber => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Shape::Tolerance => json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": r"^(100(\.0+)?|[0-9]?[0-9](\.[0-9]+)?) *%$" },
        ]}),
        Shape::Duration => json!({ "type": "string", "pattern": "^[0-9]+[smhd]$" }),
        Shape::Release => json!({
            "type": ["string", "number"],
            "pattern": r"^[0-9]+(\.[0-9]+){0,2}$",
        }),
        Shape::Character => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Shape::OneOf(words) => json!({ "enum": words }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::SugarNames => json!({ "type": "array", "items": self::shape(Shape::SugarName) }),
        Shape::Fields | Shape::Outputs => json!({ "type": "object" }),
        Shape::Condition => json!({ "anyOf": [
            { "type": ["object", "array"] },
            { "type": "string", "pattern": TEMPLATE },
        ]}),
        Shape::Record => json!({ "type": ["string", "integer"], "pattern": r"\S" }),
        Shape::Path => json!({ "anyOf": [
            { "type": "string", "pattern": r"\S" },
            { "type": "array", "items": { "type": ["string", "integer"] }, "minItems": 1 },
        ]}),
        Shape::Body => json!({ "anyOf": [
            { "type": ["object", "array"] },
            { "type": "string", "pattern": TEMPLATE },
        ]}),
        Shape::Targets => one_or_more_or_none(&json!({ "anyOf": [
            self::shape(Shape::Record),
            { "type": "object", "required": ["id"] },
        ]})),
        Shape::Nothing => json!({ "type": ["object", "null"], "maxProperties": 0 }),
        Shape::Any => json!({}),
        Shape::ForEach => for_each(),
        Shape::Rows => json!({ "anyOf": lists() }),
        Shape::Expect => one_or_more_or_none(&json!({ "anyOf": [
            self::shape(Shape::Expression),
            {
                "type": "object",
                "properties": counts(),
                "minProperties": 1,
                "additionalProperties": false,
            },
        ]})),
        Shape::OnError => json!({ "anyOf": [
            { "enum": ["stop", "continue"] },
            { "type": "object", "additionalProperties": { "enum": ["stop", "continue", "ignore"] } },
        ]}),
        Shape::DependsOn => one_or_more_or_none(&json!({ "anyOf": [
            { "type": "string" },
            { "type": "object", "additionalProperties": { "const": "finished" } },
        ]})),
        Shape::Verify => json!({ "anyOf": [
            { "enum": ["fail", "warn", "off"] },
            { "type": "object", "additionalProperties": { "enum": ["fail", "warn", "off"] } },
        ]}),
        Shape::Vars => json!({
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": reference("var"),
        }),
        Shape::Steps => json!({ "type": "array", "minItems": 1, "items": reference("step") }),
        Shape::Map(keys) => map_of(keys),
    }
}

fn counts() -> Json {
    EXPECT
        .iter()
        .map(|key| (key.name.to_owned(), described(key)))
        .collect::<Map<_, _>>()
        .into()
}

fn one_or_more(item: &Json) -> Json {
    json!({ "anyOf": [item, { "type": "array", "items": item, "minItems": 1 }] })
}

fn one_or_more_or_none(item: &Json) -> Json {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

fn for_each() -> Json {
    let files = FILES.iter().map(|(_, _, keys)| map_of(keys));
    let forms: Vec<Json> = lists().into_iter().chain(files).collect();
    json!({ "anyOf": forms })
}

fn lists() -> [Json; 3] {
    [
        json!({ "type": "string", "pattern": TEMPLATE }),
        json!({ "type": "string", "pattern": JSON_PATH }),
        json!({ "type": "array" }),
    ]
}
