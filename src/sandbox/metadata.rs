//! `/metadata` in the shape clients know, its untidiness included (fact sheet 7), and the lists of `/enum`.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::call::Call;
use super::context::Context;
use super::failure::Failure;
use super::rights;
use super::rights::Action;
use super::schema::Module;
use super::schema::Schema;
use crate::wire::SugarLabel;

/// A section of the answer that `type_filter` can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    FullModuleList,
    Modules,
    ModulesInfo,
    Relationships,
    ServerInfo,
}

impl Section {
    const ALL: [(&'static str, Self); 5] = [
        ("full_module_list", Self::FullModuleList),
        ("modules", Self::Modules),
        ("modules_info", Self::ModulesInfo),
        ("relationships", Self::Relationships),
        ("server_info", Self::ServerInfo),
    ];
}

/// `GET /metadata`, cut down by `type_filter` and `module_filter`.
pub(crate) fn metadata(cx: &Context<'_>, call: &Call) -> Value {
    let types = names(call.argument("type_filter"));
    let modules = names(call.argument("module_filter"));
    let mut answer = Map::new();
    for (name, section) in Section::ALL {
        if types
            .as_ref()
            .is_none_or(|types| types.iter().any(|wanted| wanted == name))
        {
            answer.insert(name.to_owned(), build(cx, section, modules.as_deref()));
        }
    }
    answer.insert("_hash".into(), cx.metadata_hash.into());
    Value::Object(answer)
}

/// A comma list, or an array as some clients send.
fn names(argument: Option<&Value>) -> Option<Vec<String>> {
    match argument? {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.split(',').map(|name| name.trim().to_owned()).collect()),
        Value::Array(items) => Some(
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        ),
        _ => None,
    }
}

fn visible<'a>(
    cx: &'a Context<'_>,
    filter: Option<&'a [String]>,
) -> impl Iterator<Item = &'a Module> {
    cx.schema
        .modules
        .values()
        .filter(|module| {
            !module.admin_only && rights::module(cx, &module.name, Action::View).is_ok()
        })
        .filter(move |module| filter.is_none_or(|names| names.contains(&module.name)))
}

fn build(cx: &Context<'_>, section: Section, filter: Option<&[String]>) -> Value {
    let mut map = Map::new();
    match section {
        Section::FullModuleList => {
            for module in visible(cx, None) {
                map.insert(module.name.clone(), module.name.clone().into());
            }
        }
        Section::Modules => {
            for module in visible(cx, filter) {
                map.insert(module.name.clone(), module_section(module));
            }
            return Value::Object(map);
        }
        Section::ModulesInfo => {
            for module in visible(cx, None) {
                let shown = !matches!(
                    module.name.as_str(),
                    "Teams" | "Tags" | "ProductBundles" | "Users"
                );
                map.insert(
                    module.name.clone(),
                    json!({ "enabled": true, "visible": shown, "display_tab": shown, "quick_create": shown }),
                );
            }
        }
        Section::Relationships => {
            for (name, relationship) in &cx.schema.relationships {
                map.insert(name.clone(), Value::Object(relationship.definition.clone()));
            }
        }
        Section::ServerInfo => {
            return json!({
                "flavor": "ENT", "version": "14.0.0", "build": "1", "name": "SugarCRM Enterprise",
                "fts": { "enabled": true, "type": "Elastic" },
                "gmt_time": super::time::stored(cx.now).replacen(' ', "T", 1) + "+0000",
            });
        }
    }
    let hash = digest(&Value::Object(map.clone()));
    map.insert("_hash".into(), hash.into());
    Value::Object(map)
}

/// One module: its fields with the stray hash among them, as real servers print it.
fn module_section(module: &Module) -> Value {
    let mut fields = module.definitions();
    let hash = digest(&Value::Object(fields.clone()));
    fields.insert("_hash".into(), hash.clone().into());
    json!({
        "fields": fields,
        "isBwcEnabled": false,
        "activityStreamEnabled": false,
        "favoritesEnabled": true,
        "nameFormat": module.has_person_name().then_some(["first_name", "last_name"]),
        "_hash": hash,
    })
}

/// `GET /metadata/:module/:segment`: for administrators, hidden modules included.
pub(crate) fn segment(cx: &Context<'_>, module: &str, segment: &str) -> Result<Value, Failure> {
    cx.require_administrator()?;
    let module = cx.module(module)?;
    match segment {
        "fields" => Ok(json!({ "fields": module.definitions() })),
        _ => Err(Failure::new(
            SugarLabel::NotFound,
            format!("Could not find segment: {segment}"),
        )),
    }
}

/// What a client gets before it logs in.
pub(crate) fn public(schema: &Schema) -> Value {
    let hash = digest(&json!(schema.modules.keys().collect::<Vec<_>>()));
    json!({
        "config": { "appStatus": "online", "platform": "base" },
        "server_info": { "flavor": "ENT", "version": "14.0.0", "build": "1" },
        "_hash": hash,
    })
}

/// The hash over everything: it changes with the schema, and with the generation when the sandbox is told to pretend
/// that an administrator changed something.
pub(crate) fn hash(schema: &Schema, generation: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&generation.to_be_bytes());
    for module in schema.modules.values() {
        hasher.update(module.name.as_bytes());
        hasher.update(Value::Object(module.definitions()).to_string().as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

fn digest(value: &Value) -> String {
    blake3::hash(value.to_string().as_bytes()).to_hex()[..32].to_owned()
}

/// `GET /:module/enum/:field`: keys and labels in the order of the list, which a map in memory would lose.
pub(crate) fn list_of_options(
    cx: &Context<'_>,
    module: &str,
    field: &str,
) -> Result<String, Failure> {
    let module = cx.module(module)?;
    let missing = || {
        let message = format!(
            "Could not find list of field: {field} in module: {}",
            module.name
        );
        Failure::new(SugarLabel::NotFound, message)
    };
    let options = module
        .field(field)
        .and_then(|field| field.options.as_deref())
        .ok_or_else(missing)?;
    let list = cx.schema.dropdowns.get(options).ok_or_else(missing)?;
    let pairs: Vec<String> = list
        .iter()
        .map(|(key, label)| {
            format!(
                "{}:{}",
                Value::from(key.as_str()),
                Value::from(label.as_str())
            )
        })
        .collect();
    Ok(format!("{{{}}}", pairs.join(",")))
}
