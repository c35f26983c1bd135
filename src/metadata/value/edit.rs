//! Changes to a part of a field that holds several things: what is there, what is added, what is taken out.
//!
//! Sugar takes such a field only as a whole (fact sheet 4.1), so the whole is put together here.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Context;
use super::Rejected;
use super::accept;
use super::list;
use crate::metadata::Field;
use crate::metadata::FieldKind;

/// What is added to a field and taken out of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edit {
    add: Vec<Json>,
    remove: Vec<Json>,
}

/// Whether a field's value has parts that can be added and taken out.
pub fn has_parts(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::MultiEnum | FieldKind::Tag | FieldKind::TeamSet | FieldKind::Email
    )
}

impl Edit {
    /// Adds a value, or all of a list.
    pub fn add(
        &mut self,
        field: &Field,
        value: &Json,
        context: Context<'_>,
    ) -> Result<(), Rejected> {
        let accepted = accept(field, value, context)?;
        // Addresses and teams are kept as they were written: which is the primary one is for the whole to say.
        let parts = match field.kind {
            FieldKind::Email | FieldKind::TeamSet => listed(value),
            _ => listed(&accepted),
        };
        self.add.extend(parts);
        Ok(())
    }

    /// Takes out a value, or all of a list. A value that the field does not take any more can be taken out too.
    pub fn remove(&mut self, field: &Field, value: &Json) -> Result<(), Rejected> {
        let accepted = accept(field, value, Context::default())?;
        self.remove.extend(listed(&accepted));
        Ok(())
    }

    /// What it adds.
    pub fn added(&self) -> &[Json] {
        &self.add
    }

    /// What it both adds and takes out: which of the two holds nobody has said.
    pub fn contradicted(&self, field: &Field) -> Result<(), Rejected> {
        let mut both = self
            .add
            .iter()
            .filter(|part| self.remove.iter().any(|gone| is_same(field, part, gone)));
        match both.next() {
            Some(part) => Err(Rejected::AddedAndTakenOut {
                value: identity(field, part).unwrap_or_else(|| part.to_string()),
            }),
            None => Ok(()),
        }
    }

    /// Whether it takes out what a write added that found `before` and left `after`, or adds what that one took out.
    pub fn takes_back(&self, field: &Field, before: Option<&Json>, after: &Json) -> bool {
        let before = before
            .map(|value| parts_of(field, value))
            .unwrap_or_default();
        let after = parts_of(field, after);
        let has = |parts: &[Json], part: &Json| parts.iter().any(|one| is_same(field, one, part));
        let comes_and_goes = |parts: &[Json], from: &[Json], to: &[Json]| {
            parts.iter().any(|part| has(to, part) && !has(from, part))
        };
        comes_and_goes(&self.remove, &before, &after) || comes_and_goes(&self.add, &after, &before)
    }

    /// The field as it will be.
    pub fn applied_to(&self, field: &Field, present: Option<&Json>) -> Json {
        let present = present
            .map(|value| parts_of(field, value))
            .unwrap_or_default();
        let kept = present
            .into_iter()
            .filter(|part| !self.remove.iter().any(|gone| is_same(field, part, gone)));
        let mut parts: Vec<Json> = kept.collect();
        for part in &self.add {
            let known = parts.iter_mut().find(|known| is_same(field, known, part));
            match (known, part) {
                // What is said of an address or a team that is there already holds from now on.
                (Some(Json::Object(known)), Json::Object(said)) => known.extend(said.clone()),
                (Some(_), _) => continue,
                (None, _) => parts.push(whole_part(field, part)),
            }
            if let (Some(flag), Some(identity)) = (primary_flag(field), identity(field, part))
                && part.get(flag).is_some_and(is_set)
            {
                only_primary(field, flag, &mut parts, &identity);
            }
        }
        if let Some(flag) = primary_flag(field)
            && !parts.iter().any(|part| part.get(flag).is_some_and(is_set))
            && let Some(Json::Object(first)) = parts.first_mut()
        {
            first.insert(flag.to_owned(), Json::Bool(true));
        }
        Json::Array(parts)
    }
}

fn listed(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(list) => list.clone(),
        Json::Null => Vec::new(),
        Json::String(text) if text.trim().is_empty() => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The parts of a value as Sugar gave it.
fn parts_of(field: &Field, value: &Json) -> Vec<Json> {
    match field.kind {
        FieldKind::MultiEnum => list::keys(value)
            .unwrap_or_default()
            .into_iter()
            .map(Json::from)
            .collect(),
        FieldKind::Tag => listed(&list::accept_tags(value).unwrap_or_default())
            .into_iter()
            .filter(|tag| tag.as_str().is_some_and(|tag| !tag.is_empty()))
            .collect(),
        _ => listed(value),
    }
}

/// An address or a team is a map; added beside others it is not the primary one unless it says so.
fn whole_part(field: &Field, part: &Json) -> Json {
    match (&field.kind, part) {
        (FieldKind::Email, Json::String(address)) => {
            json!({ "email_address": address.trim(), "primary_address": false })
        }
        (FieldKind::TeamSet, Json::String(_) | Json::Number(_)) => {
            json!({ "id": identity(field, part), "primary": false })
        }
        (_, part) => part.clone(),
    }
}

fn primary_flag(field: &Field) -> Option<&'static str> {
    match field.kind {
        FieldKind::Email => Some("primary_address"),
        FieldKind::TeamSet => Some("primary"),
        _ => None,
    }
}

/// Flags come as booleans and as `"0"` and `"1"` (fact sheet 4.1).
fn is_set(flag: &Json) -> bool {
    match flag {
        Json::Bool(flag) => *flag,
        Json::Number(number) => number.as_i64() == Some(1),
        Json::String(text) => matches!(text.as_str(), "1" | "true"),
        _ => false,
    }
}

fn only_primary(field: &Field, flag: &str, parts: &mut [Json], chosen: &str) {
    for part in parts {
        let is_chosen = identity(field, part).as_deref() == Some(chosen);
        if let Json::Object(part) = part {
            part.insert(flag.to_owned(), Json::Bool(is_chosen));
        }
    }
}

/// What tells one part from another. Tags and addresses are the same whatever their case.
fn identity(field: &Field, part: &Json) -> Option<String> {
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.trim().to_owned()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let named = |map: &Map<String, Json>, name: &str| map.get(name).and_then(text);
    match (&field.kind, part) {
        (FieldKind::Email, Json::Object(map)) => {
            named(map, "email_address").map(|address| address.to_lowercase())
        }
        (FieldKind::TeamSet, Json::Object(map)) => named(map, "id"),
        (FieldKind::Email | FieldKind::Tag, part) => text(part).map(|text| text.to_lowercase()),
        (_, part) => text(part),
    }
}

fn is_same(field: &Field, left: &Json, right: &Json) -> bool {
    identity(field, left).is_some_and(|left| identity(field, right) == Some(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(kind: &str, present: &Json, add: &Json, remove: &Json) -> Json {
        let field = Field::new("f", kind);
        let mut edit = Edit::default();
        edit.add(&field, add, Context::default()).unwrap();
        edit.remove(&field, remove).unwrap();
        edit.applied_to(&field, Some(present))
    }

    #[test]
    fn keys_and_tags_are_merged() {
        for (kind, present, add, remove, expected) in [
            (
                "multienum",
                json!(["a", "b"]),
                json!(["b", "c"]),
                json!("a"),
                json!(["b", "c"]),
            ),
            (
                "multienum",
                json!("^a^,^b^"),
                json!("c"),
                json!(null),
                json!(["a", "b", "c"]),
            ),
            (
                "multienum",
                json!(""),
                json!(["a"]),
                json!(["z"]),
                json!(["a"]),
            ),
            (
                "tag",
                json!([{ "id": "1", "name": "VIP", "tags__name_lower": "vip" }]),
                json!(["vip", "new"]),
                json!([]),
                json!(["VIP", "new"]),
            ),
            (
                "tag",
                json!([{ "id": "1", "name": "VIP" }]),
                json!([]),
                json!("vip"),
                json!([]),
            ),
            ("tag", json!(""), json!("x"), json!("y"), json!(["x"])),
        ] {
            assert_eq!(applied(kind, &present, &add, &remove), expected, "{kind}");
        }
    }

    #[test]
    fn there_is_one_primary_address_and_it_stays() {
        let present = json!([
            { "email_address": "a@x.de", "primary_address": true, "opt_out": false },
            { "email_address": "b@x.de", "primary_address": "0" },
        ]);
        let after = applied("email", &present, &json!("c@x.de"), &json!("B@x.de"));
        assert_eq!(
            after,
            json!([
                { "email_address": "a@x.de", "primary_address": true, "opt_out": false },
                { "email_address": "c@x.de", "primary_address": false },
            ])
        );
        let primary = json!([{ "email_address": "b@x.de", "primary_address": true }]);
        let after = applied("email", &present, &primary, &json!([]));
        assert_eq!(after[0]["primary_address"], false);
        assert_eq!(after[1]["primary_address"], true);
        let after = applied("email", &present, &json!([]), &json!("a@x.de"));
        assert_eq!(
            after,
            json!([{ "email_address": "b@x.de", "primary_address": true }])
        );
    }

    #[test]
    fn teams_are_told_apart_by_their_ids() {
        let present = json!([{ "id": "1", "name": "Global", "primary": true }]);
        let after = applied("teamset", &present, &json!(["East"]), &json!([]));
        assert_eq!(after[1], json!({ "id": "East", "primary": false }));
        let after = applied("teamset", &present, &json!(["East"]), &json!("1"));
        assert_eq!(after, json!([{ "id": "East", "primary": true }]));
    }

    #[test]
    fn what_cannot_be_a_part_is_refused() {
        let field = Field::new("email", "email");
        let mut edit = Edit::default();
        assert!(
            edit.add(&field, &json!("nobody"), Context::default())
                .is_err()
        );
    }
}
