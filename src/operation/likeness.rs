//! What an upsert that creates a record looks for, whatever the case of its letters: after the first of two that differ in
//! no more, the second would find what the first made, since Sugar's databases do not tell them apart.

use super::Change;

/// The same for any two such creates, and for no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Likeness([u8; 16]);

impl Likeness {
    /// Nothing of what is no upsert that creates.
    pub fn of(change: &Change) -> Option<Self> {
        let mut matched: Vec<String> = change
            .unless()?
            .iter()
            .map(|(name, value)| format!("{name}={value}").to_lowercase())
            .collect();
        matched.sort();
        let text = format!("{}:{}", change.module()?, matched.join(","));
        let mut likeness = [0; 16];
        likeness.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        Some(Self(likeness))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn likeness(module: &str, unless: &serde_json::Value) -> Option<Likeness> {
        let change = json!({ "create": {
            "module": module, "id": "x", "fields": {}, "under": null, "unless": unless,
        } });
        Likeness::of(&serde_json::from_value(change).unwrap())
    }

    #[test]
    fn creates_are_alike_whatever_the_case_and_the_order() {
        let one = likeness("Accounts", &json!({ "name": "Öl AG", "city": "Bonn" }));
        let same = likeness("Accounts", &json!({ "city": "BONN", "name": "öl ag" }));
        assert!(one.is_some());
        assert_eq!(one, same);
        for (module, unless) in [
            ("Leads", json!({ "name": "Öl AG", "city": "Bonn" })),
            ("Accounts", json!({ "name": "Öl AG" })),
            ("Accounts", json!({ "name": "Bonn", "city": "Öl AG" })),
            ("Accounts", json!({ "name": "Öl AG\",city=\"Bonn" })),
        ] {
            assert_ne!(likeness(module, &unless), one, "{unless}");
        }
        assert_eq!(likeness("Accounts", &json!(null)), None);
    }
}
