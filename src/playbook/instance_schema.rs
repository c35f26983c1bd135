//! The JSON Schema of playbooks for one instance: its modules, fields, links and dropdown values, so that an editor
//! completes them and underlines what is none of them.
//!
//! It refuses only what `check` refuses too, given the same metadata. What a step names in `unchecked` a schema cannot
//! judge field by field, so such a step is held against the language alone.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::language::Shape;
use super::language::VERBS;
use super::language::Verb;
use super::schema::TEMPLATE;
use super::schema::WRITTEN_OUT;
use super::schema::json_schema;
use super::schema::reference;
use crate::metadata::Dropdown;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::Metadata;
use crate::metadata::Module;
use crate::metadata::Right;
use crate::metadata::Writable;

/// The schema of a playbook for the instance that is described, draft 2020-12.
pub fn json_schema_for(metadata: &Metadata) -> Json {
    let mut schema = json_schema();
    let described: Vec<(&str, &Module)> = metadata
        .modules
        .iter()
        .filter(|(name, module)| can_be_referred_to(name) && !module.fields.is_empty())
        .map(|(name, module)| (name.as_str(), module))
        .collect();
    let Some(definitions) = schema["$defs"].as_object_mut() else {
        return schema;
    };
    definitions.insert("module".into(), any_module(metadata));
    for (name, module) in &described {
        for part in Part::ALL {
            definitions.insert(part.definition(name), part.schema(metadata, name, module));
        }
    }
    for verb in VERBS {
        if let Some(step) = definitions.get_mut(verb.name) {
            specialise(step, verb, &described);
        }
    }
    schema
}

/// A name that stands in the address of a definition as it is. Sugar's modules have no others.
fn can_be_referred_to(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn any_module(metadata: &Metadata) -> Json {
    let names: Vec<&str> = metadata.module_names().collect();
    if metadata.module_list.is_empty() {
        // Without the list of all modules, one that is not described may well be there.
        return json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": WRITTEN_OUT }] });
    }
    json!({ "enum": names })
}

/// What a module says of one kind of argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Fields that can be read.
    Fields,
    /// Fields that have a list of values.
    Dropdowns,
    Links,
    Set,
    /// The fields a new record needs.
    Required,
    Where,
}

impl Part {
    const ALL: [Self; 6] = [
        Self::Fields,
        Self::Dropdowns,
        Self::Links,
        Self::Set,
        Self::Required,
        Self::Where,
    ];

    fn definition(self, module: &str) -> String {
        let part = match self {
            Self::Fields => "fields",
            Self::Dropdowns => "dropdowns",
            Self::Links => "links",
            Self::Set => "set",
            Self::Required => "required",
            Self::Where => "where",
        };
        format!("{part}.{module}")
    }

    fn schema(self, metadata: &Metadata, name: &str, module: &Module) -> Json {
        let names = |wanted: &dyn Fn(&Field) -> bool| -> Json {
            let fields = module.fields.values().filter(|field| wanted(field));
            json!({ "enum": fields.map(|field| field.name.as_str()).collect::<Vec<_>>() })
        };
        match self {
            Self::Fields => {
                json!({ "items": names(&|field| !module.acl.denies_field(&field.name, Right::Read)) })
            }
            Self::Dropdowns => names(&|field| {
                field.kind.has_dropdown() || matches!(field.kind, FieldKind::Other(_))
            }),
            Self::Links => names(&|field| field.kind == FieldKind::Link),
            Self::Set => set(metadata, name, module),
            Self::Required => {
                let needed = module.fields.values().filter(|field| field.wants_a_value());
                json!({ "required": needed.map(|field| field.name.as_str()).collect::<Vec<_>>() })
            }
            Self::Where => conditions(metadata, name, module),
        }
    }

    /// What an argument of a verb is held against.
    fn of(verb: &Verb, argument: &str) -> &'static [Self] {
        match (argument, verb.name) {
            // Those are of the module the link leads to, which the step does not name.
            ("fields" | "where", "related") => &[],
            ("fields", _) => &[Self::Fields],
            ("where", _) => &[Self::Where],
            ("field", _) => &[Self::Dropdowns],
            ("through", _) => &[Self::Links],
            ("set", "create") => &[Self::Set, Self::Required],
            ("set", _) => &[Self::Set],
            _ => &[],
        }
    }
}

/// Adds to the schema of a step what each module means for its arguments.
fn specialise(step: &mut Json, verb: &Verb, described: &[(&str, &Module)]) {
    if step["properties"].get("modules").is_some() {
        step["properties"]["modules"]["items"] = reference("module");
    }
    if !matches!(verb.subject, Shape::SugarName) {
        return;
    }
    let mut subject = reference("module");
    subject["description"] = verb.help.into();
    step["properties"][verb.name] = subject;
    let cases: Vec<Json> = described
        .iter()
        .filter_map(|(module, _)| case(verb, module))
        .collect();
    if !cases.is_empty() {
        step["allOf"] = cases.into();
    }
}

/// `if` the step is about this module, `then` its arguments are.
fn case(verb: &Verb, module: &str) -> Option<Json> {
    let mut arguments = Map::new();
    for argument in verb.arguments {
        let parts: Vec<Json> = Part::of(verb, argument.name)
            .iter()
            .map(|part| reference(&part.definition(module)))
            .collect();
        if !parts.is_empty() {
            arguments.insert(argument.name.to_owned(), json!({ "allOf": parts }));
        }
    }
    (!arguments.is_empty()).then(|| {
        json!({
            "if": {
                "properties": { verb.name: { "const": module } },
                "required": [verb.name],
                "not": { "required": ["unchecked"] },
            },
            "then": { "properties": arguments },
        })
    })
}

fn set(metadata: &Metadata, name: &str, module: &Module) -> Json {
    let properties: Map<String, Json> = module
        .fields
        .values()
        .filter_map(|field| {
            let schema = match module.writable(&field.name)? {
                Writable::Link if field.kind == FieldKind::Link => json!({ "type": "object" }),
                writable if writable.is_refused() => return None,
                _ => value(field, metadata.dropdown(name, &field.name)),
            };
            Some((field.name.clone(), described(field, schema)))
        })
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn conditions(metadata: &Metadata, name: &str, module: &Module) -> Json {
    let own = reference(&Part::Where.definition(name));
    let mut properties: Map<String, Json> = ["$and", "$or"]
        .into_iter()
        .map(|combination| (combination.to_owned(), list_or_template(&own)))
        .collect();
    for field in module.fields.values() {
        let may_be_read = !module.acl.denies_field(&field.name, Right::Read);
        if may_be_read && field.kind != FieldKind::Link {
            let schema = condition(field, metadata.dropdown(name, &field.name));
            properties.insert(field.name.clone(), described(field, schema));
        }
    }
    json!({ "anyOf": [
        {
            "type": "object",
            "properties": properties,
            // Macros, and fields of linked records.
            "patternProperties": { r"^\$": {}, r"\.": {} },
            "additionalProperties": false,
        },
        { "type": "array", "items": own },
        { "type": "string", "pattern": TEMPLATE },
    ] })
}

/// What a field is compared with: a value, or operators.
fn condition(field: &Field, dropdown: Option<&Dropdown>) -> Json {
    let Some(dropdown) = dropdown.filter(|_| field.kind.has_dropdown()) else {
        return json!({});
    };
    let one = option(dropdown);
    let several = list_or_template(&one);
    json!({ "anyOf": [
        one,
        { "type": "array" },
        {
            "type": "object",
            "properties": {
                "$equals": one, "$not_equals": one, "$in": several, "$not_in": several,
            },
        },
    ] })
}

fn value(field: &Field, dropdown: Option<&Dropdown>) -> Json {
    match (&field.kind, dropdown) {
        (FieldKind::Enum | FieldKind::ParentType, Some(dropdown)) => option(dropdown),
        (FieldKind::MultiEnum, Some(dropdown)) => json!({ "anyOf": [
            option(dropdown),
            { "type": "array", "items": option(dropdown) },
            // Several in Sugar's own spelling.
            { "type": "string", "pattern": r"^\^.*\^$" },
        ] }),
        _ => json!({}),
    }
}

/// One of the list, in whatever type YAML reads it; a template; or nothing.
fn option(dropdown: &Dropdown) -> Json {
    json!({ "anyOf": [
        { "enum": dropdown.keys().collect::<Vec<_>>() },
        { "type": "string", "pattern": TEMPLATE },
        { "type": ["number", "boolean", "null"] },
        { "type": "string", "pattern": r"^\s*$" },
    ] })
}

fn list_or_template(item: &Json) -> Json {
    json!({ "anyOf": [
        { "type": "array", "items": item },
        { "type": "string", "pattern": TEMPLATE },
    ] })
}

/// With what an editor shows beside the name.
fn described(field: &Field, mut schema: Json) -> Json {
    let mut text = field.kind.as_str().to_owned();
    if let Some(length) = field.length {
        text = format!("{text}, at most {length}");
    }
    if let Some(module) = &field.module {
        text = format!("{text}, of {module}");
    }
    if field.wants_a_value() {
        text.push_str(", required");
    }
    schema["description"] = text.into();
    schema
}
