//! The ids of creates: computed, so that a create can be repeated without a duplicate.

use uuid::Uuid;

use super::Key;
use crate::wire::RecordId;

/// A fixed namespace of sugarmill's own; another would give every record a new id.
const NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_6b6e_3d0e_5b0a_9b0d_7b1f_2a6c_4e11);

/// What tells one playbook's creates from another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The profile's or the playbook's `identity`, else the normalised site.
    pub identity: String,
    pub playbook: String,
    pub generation: u64,
    /// Names items that have no key; without a key a create is not repeatable across runs.
    pub run: String,
}

/// Whether an item's name is the same in every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    Keyed,
    OfThisRun,
}

impl Origin {
    pub fn record_id(&self, step: &str, key: &Key, stability: Stability) -> RecordId {
        let generation = self.generation.to_string();
        let run = match stability {
            Stability::Keyed => "",
            Stability::OfThisRun => &self.run,
        };
        // Only a key may hold anything, a NUL too, and it stands last: so no two lists of parts read the same.
        let name = [
            &self.identity,
            &self.playbook,
            step,
            &generation,
            run,
            key.as_str(),
        ]
        .join("\0");
        RecordId::new(Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let origin = Origin {
            identity: "https://crm.example.com".into(),
            playbook: "import".into(),
            generation: 0,
            run: "r1".into(),
        };
        let key = Key::stored("A-1".into());
        let id = origin.record_id("accounts", &key, Stability::Keyed);
        assert_eq!(id, origin.record_id("accounts", &key, Stability::Keyed));
        let other_run = Origin {
            run: "r2".into(),
            ..origin.clone()
        };
        assert_eq!(id, other_run.record_id("accounts", &key, Stability::Keyed));
        assert_ne!(
            origin.record_id("accounts", &key, Stability::OfThisRun),
            other_run.record_id("accounts", &key, Stability::OfThisRun)
        );
        assert_ne!(
            id,
            Origin {
                generation: 1,
                ..origin.clone()
            }
            .record_id("accounts", &key, Stability::Keyed)
        );
        assert_ne!(id, origin.record_id("contacts", &key, Stability::Keyed));
    }
}
