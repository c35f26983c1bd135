//! Fields that an update changed besides those it sent: what formulas, hooks and workflows of the instance did.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::deliver::Said;
use super::deliver::Told;
use super::standing::is_stamp;
use crate::batch::Carried;
use crate::metadata::Field;
use crate::metadata::FieldKind;
use crate::metadata::Mark;
use crate::metadata::Metadata;
use crate::metadata::is_single_address;
use crate::metadata::value::Verdict;
use crate::metadata::value::is_empty;
use crate::metadata::value::same;
use crate::operation::Change;
use crate::plan::Fields;

/// The field that holds all addresses of a record; `email1` shows its primary one.
const ADDRESSES: &str = "email";

/// Beyond this many names the whole record is shorter to ask for.
const NAMED_AT_MOST: usize = 200;

/// What to read of a record before it is written: `wanted`, and the module's own columns.
pub(super) fn looked_at(
    metadata: &Metadata,
    module: &str,
    wanted: impl Iterator<Item = String>,
) -> Fields {
    let own = metadata.module(module).into_iter().flat_map(|module| {
        let fields = module.fields.iter();
        fields
            .filter(|(name, field)| is_column(name, field))
            .map(|(name, _)| name.clone())
    });
    let mut names: BTreeSet<String> = wanted.chain(own).collect();
    // What becomes of the other addresses, and of what is said of each, shows only in the whole.
    let whole = metadata.field(module, ADDRESSES).is_some();
    if whole && names.iter().any(|name| is_single_address(name)) {
        names.insert(ADDRESSES.to_owned());
    }
    match names.len() <= NAMED_AT_MOST {
        true => Fields::These(names),
        false => Fields::All,
    }
}

/// Field → what it was and what it is, as the answers to an update show it.
pub(super) fn seen(
    change: &Change,
    before: &Map<String, Json>,
    told: &[Told],
    metadata: &Metadata,
) -> Map<String, Json> {
    // What was sent along for another operation is no side effect, and an answer to both does not tell.
    let own = told.last().filter(|told| told.carried == Carried::Alone);
    let (Change::Update { module, .. }, Some(Said::Answer(answer))) =
        (change, own.map(|told| &told.said))
    else {
        return Map::new();
    };
    let sent = change.fields();
    let Some(after) = answer.body.shown().fields() else {
        return Map::new();
    };
    let changed = after.iter().filter_map(|(name, is)| {
        let was = before.get(name).filter(|_| !sent.contains_key(name))?;
        let field = metadata.field(module.as_str(), name)?;
        let address = sent.get("email1").filter(|_| name == ADDRESSES);
        if address.is_none() && !is_column(name, field) {
            return None;
        }
        let is = is.json()?;
        let differs = |was: &Json| same(Some(field), was, Some(&is)) == Verdict::Different;
        let differs = match address {
            Some(address) => differs(&with_primary(was, address)),
            None => differs(was),
        };
        differs.then(|| (name.to_owned(), json!({ "before": was, "after": is })))
    });
    changed.collect()
}

/// The addresses of a record, of which only the primary one becomes another and all else stays.
fn with_primary(addresses: &Json, address: &Json) -> Json {
    let mut all = addresses.as_array().cloned().unwrap_or_default();
    let primary = all.iter().position(|one| {
        let flag = one.get("primary_address").unwrap_or(&Json::Null);
        matches!(flag, Json::Bool(true)) || matches!(flag.as_str(), Some("1"))
    });
    match primary {
        Some(place) if is_empty(address) => {
            all.remove(place);
        }
        Some(place) => all[place]["email_address"] = address.clone(),
        None if is_empty(address) => {}
        None => all.push(json!({ "email_address": address, "primary_address": true })),
    }
    Json::Array(all)
}

/// Whether it is a column of the record's own, and says something of the record rather than of its saving.
fn is_column(name: &str, field: &Field) -> bool {
    let beside = matches!(
        field.kind,
        FieldKind::Link | FieldKind::Collection | FieldKind::Password
    );
    !is_stamp(name) && !beside && !field.is(Mark::NonDb)
}

#[cfg(test)]
mod tests {
    use super::super::deliver::Doubt;
    use super::*;
    use crate::expr::Seq;
    use crate::metadata::read;
    use crate::wire::Answer;
    use crate::wire::ModuleName;
    use crate::wire::RecordId;

    fn object(value: Json) -> Map<String, Json> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_changed_besides_is_told_from_what_was_sent_and_from_what_only_looks_different() {
        let metadata = read(&json!({ "modules": { "Opportunities": { "fields": {
            "sales_stage": { "type": "enum" },
            "probability": { "type": "int", "calculated": true },
            "amount": { "type": "currency", "len": "26,6" },
            "description": { "type": "text" },
            "date_modified": { "type": "datetime" },
            "account_name": { "type": "relate", "source": "non-db" },
            "notes": { "type": "link" },
        } } } }))
        .metadata;
        let change = Change::Update {
            module: ModuleName::new("Opportunities"),
            record: RecordId::new("o"),
            fields: object(json!({ "sales_stage": "Closed Won" })),
        };
        let before = object(json!({
            "sales_stage": "Prospecting", "probability": 10, "amount": "100.000000", "description": "",
            "date_modified": "2026-01-01T00:00:00Z", "account_name": "A",
        }));
        let body = json!({
            "sales_stage": "Closed Won", "probability": "100", "amount": "100", "description": null,
            "date_modified": "2026-01-02T00:00:00Z", "account_name": "B",
        });
        let told = [Told {
            member: Seq(0),
            carried: Carried::Alone,
            others: [].into(),
            said: Said::Answer(Answer {
                status: 200,
                body: body.into(),
            }),
            doubt: Doubt::None,
            sent: 1,
        }];
        let seen = seen(&change, &before, &told, &metadata);
        assert_eq!(
            Json::Object(seen),
            json!({ "probability": { "before": 10, "after": "100" } })
        );
        let Fields::These(names) = looked_at(&metadata, "Opportunities", ["id".into()].into_iter())
        else {
            panic!("so few are named");
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            ["amount", "description", "id", "probability", "sales_stage"]
        );
    }

    #[test]
    fn what_is_lost_with_an_address_is_told_from_the_address_itself() {
        let metadata = read(&json!({ "modules": { "Contacts": { "fields": {
            "email": { "type": "email", "source": "non-db" },
            "email1": { "type": "varchar", "source": "non-db" },
        } } } }))
        .metadata;
        let change = Change::Update {
            module: ModuleName::new("Contacts"),
            record: RecordId::new("c"),
            fields: object(json!({ "email1": "new@x.de" })),
        };
        let old = |out: bool| json!({ "email_address": "old@x.de", "primary_address": true, "opt_out": out });
        let new = json!({ "email_address": "new@x.de", "primary_address": true, "opt_out": false });
        let second = json!({ "email_address": "new@x.de", "primary_address": false });
        let third = json!({ "email_address": "third@x.de", "primary_address": false });
        for (was, is, differs) in [
            (json!([old(false)]), json!([new]), false),
            (json!([old(false), third]), json!([new, third]), false),
            (json!([]), json!([new]), false),
            (json!([old(true)]), json!([new]), true),
            (json!([old(false), second]), json!([new]), true),
            (json!([old(false), third]), json!([new]), true),
        ] {
            let told = [Told {
                member: Seq(0),
                carried: Carried::Alone,
                others: [].into(),
                said: Said::Answer(Answer {
                    status: 200,
                    body: json!({ "email1": "new@x.de", "email": is }).into(),
                }),
                doubt: Doubt::None,
                sent: 1,
            }];
            let before = object(json!({ "email1": "old@x.de", "email": was }));
            let seen = seen(&change, &before, &told, &metadata);
            assert_eq!(seen.contains_key("email"), differs, "{was} {is}");
        }
        let Fields::These(names) =
            looked_at(&metadata, "Contacts", ["email1".to_owned()].into_iter())
        else {
            panic!("so few are named");
        };
        assert!(names.contains("email"));
    }
}
