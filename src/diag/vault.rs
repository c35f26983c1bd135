//! Secrets while a playbook runs: everything inside works with stand-ins, and only what travels has the values.
//!
//! A stand-in is a text nobody else writes: `⟦token·a3f·9c1d…⟧`. Templates see it in the place of the value, so it is what
//! plans, results and run files hold. The client opens it in the body of a request, and closes what comes back.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value as Json;

use super::Secrets;
use super::mask::MASK;

/// Shorter texts turn up in other text by chance, so that closing them would spoil it and tell, by the places, what they
/// are.
pub const SHORTEST_SECRET: usize = 8;

/// Hexadecimal digits of a tag: enough to see a change, too few to find the value by.
const TAG_DIGITS: usize = 3;
const NONCE_DIGITS: usize = 16;

/// Secrets by the names of their variables.
pub type SecretValues = BTreeMap<String, SecretString>;

/// What a run file keeps of its secrets: how to tell whether a value is the one it was planned with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seals {
    /// Hexadecimal, new for each plan.
    salt: String,
    secrets: Vec<Seal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seal {
    name: String,
    /// Of the value, keyed with the salt.
    hash: String,
    /// The same in every plan that has this value.
    tag: String,
}

/// The values, and what stands for them.
#[derive(Clone, Default)]
pub struct Vault {
    /// The longest value first, so that one which holds another is found before it.
    kept: Vec<Kept>,
    nonce: String,
    /// Other forms in which a value may turn up.
    forms: Secrets,
}

#[derive(Clone)]
struct Kept {
    value: SecretString,
    stand_in: String,
}

/// A value that cannot be kept secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooShort {
    pub name: String,
}

/// Why a vault cannot be opened again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    Missing { name: String },
    Different { name: String },
}

impl Seals {
    /// `salt` is any new random text; `context` is what makes tags of the same value differ elsewhere.
    pub fn new(salt: &str, context: &str, values: &SecretValues) -> Result<Self, TooShort> {
        if values.is_empty() {
            return Ok(Self::default());
        }
        let salt = blake3::derive_key("sugarmill 2026 salt of a plan's secrets", salt.as_bytes());
        let of_tags = blake3::derive_key("sugarmill 2026 tags of secrets", context.as_bytes());
        let mut secrets: Vec<Seal> = Vec::with_capacity(values.len());
        for (name, value) in values {
            let value = value.expose_secret();
            if value.chars().count() < SHORTEST_SECRET {
                return Err(TooShort { name: name.clone() });
            }
            let tag = blake3::keyed_hash(&of_tags, value.as_bytes()).to_hex();
            secrets.push(Seal {
                name: name.clone(),
                hash: blake3::keyed_hash(&salt, value.as_bytes())
                    .to_hex()
                    .to_string(),
                tag: tag[..TAG_DIGITS].to_owned(),
            });
        }
        let salt = blake3::Hash::from_bytes(salt).to_hex().to_string();
        Ok(Self { salt, secrets })
    }

    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|seal| seal.name.as_str())
    }

    /// What templates see in the place of a secret. Two of the same value have one stand-in, since what comes back does
    /// not say which of them it was.
    pub fn stand_in(&self, name: &str) -> Option<String> {
        let hash = &self.secrets.iter().find(|seal| seal.name == name)?.hash;
        let seal = self.secrets.iter().find(|seal| seal.hash == *hash)?;
        Some(self.text_of(seal))
    }

    fn text_of(&self, seal: &Seal) -> String {
        format!("⟦{}·{}·{}⟧", seal.name, seal.tag, self.nonce())
    }

    /// Differs from plan to plan, so that no stand-in can be written by somebody who saw an earlier one.
    pub fn nonce(&self) -> String {
        let hash = blake3::derive_key("sugarmill 2026 nonce of stand-ins", self.salt.as_bytes());
        blake3::Hash::from_bytes(hash).to_hex()[..NONCE_DIGITS].to_owned()
    }

    /// A text as people see it: `*** (a3f)`.
    pub fn shown(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, seal| {
            text.replace(&self.text_of(seal), &format!("{MASK} ({})", seal.tag))
        })
    }

    /// The same for all texts of a value.
    pub fn show_in(&self, value: &mut Json) {
        if !self.is_empty() {
            each_text(value, &mut |text| {
                let shown = self.shown(text);
                (shown != text).then_some(shown)
            });
        }
    }

    /// Takes the values out again. Fails with all that are missing or other than the ones that were sealed.
    pub fn open(&self, values: &SecretValues) -> Result<Vault, Vec<Unfit>> {
        let salt = blake3::Hash::from_hex(&self.salt).map_or([0; 32], |hash| *hash.as_bytes());
        let mut vault = Vault {
            nonce: self.nonce(),
            ..Vault::default()
        };
        let mut unfit = Vec::new();
        for seal in &self.secrets {
            let name = seal.name.clone();
            let Some(value) = values.get(&name) else {
                unfit.push(Unfit::Missing { name });
                continue;
            };
            let exposed = value.expose_secret();
            let hash = blake3::keyed_hash(&salt, exposed.as_bytes()).to_hex();
            if hash.as_str() != seal.hash {
                unfit.push(Unfit::Different { name });
                continue;
            }
            vault.forms.add(exposed);
            let known = vault.kept.iter();
            if !known.into_iter().any(|kept| kept.exposed() == exposed) {
                vault.kept.push(Kept {
                    value: value.clone(),
                    stand_in: self.text_of(seal),
                });
            }
        }
        vault
            .kept
            .sort_by_key(|kept| std::cmp::Reverse(kept.exposed().len()));
        if unfit.is_empty() {
            Ok(vault)
        } else {
            Err(unfit)
        }
    }
}

impl Kept {
    fn exposed(&self) -> &str {
        self.value.expose_secret()
    }
}

impl Vault {
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether any text of a value holds a stand-in.
    pub fn is_in(&self, value: &Json) -> bool {
        !self.is_empty()
            && match value {
                Json::String(text) => text.contains(&self.nonce),
                Json::Array(list) => list.iter().any(|item| self.is_in(item)),
                Json::Object(map) => map.values().any(|item| self.is_in(item)),
                Json::Null | Json::Bool(_) | Json::Number(_) => false,
            }
    }

    /// The same JSON with the values in the place of their stand-ins; nothing where it has none.
    pub fn opened(&self, json: &str) -> Option<String> {
        if self.is_empty() || !json.contains(&self.nonce) {
            return None;
        }
        let mut value = serde_json::from_str(json).ok()?;
        self.open_in(&mut value);
        Some(value.to_string())
    }

    /// Puts the values in the place of their stand-ins.
    pub fn open_in(&self, value: &mut Json) {
        if !self.is_empty() {
            each_text(value, &mut |text| {
                text.contains(&self.nonce).then(|| {
                    self.kept.iter().fold(text.to_owned(), |text, kept| {
                        text.replace(&kept.stand_in, kept.exposed())
                    })
                })
            });
        }
    }

    /// Puts `***` in the place of stand-ins, for a file that is no report.
    pub fn veil_in(&self, value: &mut Json) {
        if !self.is_empty() {
            each_text(value, &mut |text| {
                text.contains(&self.nonce).then(|| {
                    self.kept.iter().fold(text.to_owned(), |text, kept| {
                        text.replace(&kept.stand_in, MASK)
                    })
                })
            });
        }
    }

    /// Puts stand-ins in the place of values.
    pub fn close_in(&self, value: &mut Json) {
        if self.is_empty() {
            return;
        }
        match value {
            // A number whose digits are the secret.
            Json::Number(number) => {
                let text = number.to_string();
                if let Some(kept) = self.kept.iter().find(|kept| kept.exposed() == text) {
                    *value = kept.stand_in.as_str().into();
                }
            }
            Json::String(text) => *text = self.closed(text),
            Json::Array(list) => list.iter_mut().for_each(|item| self.close_in(item)),
            Json::Object(map) => map.values_mut().for_each(|item| self.close_in(item)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    /// The same for what an instance sends: it must not bring a stand-in along, for that would be opened.
    pub fn take_in(&self, value: &mut Json) {
        if !self.is_empty() {
            each_text(value, &mut |text| {
                let forged = text.contains(&self.nonce);
                forged.then(|| text.replace(&self.nonce, ""))
            });
            self.close_in(value);
        }
    }

    /// A text without any form of a secret.
    pub fn closed(&self, text: &str) -> String {
        let closed = self.kept.iter().fold(text.to_owned(), |text, kept| {
            text.replace(kept.exposed(), &kept.stand_in)
        });
        self.forms.mask(&closed)
    }
}

/// What is secret is not for debug output either.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

fn each_text(value: &mut Json, change: &mut impl FnMut(&str) -> Option<String>) {
    match value {
        Json::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|item| each_text(item, change)),
        Json::Object(map) => map.values_mut().for_each(|item| each_text(item, change)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn values(pairs: &[(&str, &str)]) -> SecretValues {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect()
    }

    fn vault(pairs: &[(&str, &str)]) -> (Vault, Seals) {
        let values = values(pairs);
        let seals = Seals::new("salt", "site", &values).unwrap();
        (seals.open(&values).unwrap(), seals)
    }

    #[test]
    fn what_goes_out_has_the_value_and_what_comes_back_its_stand_in() {
        let (vault, seals) = vault(&[("token", "s3cret/\"value\"")]);
        let inside =
            json!({ "a": [format!("Bearer {}", seals.stand_in("token").unwrap())], "b": 1 });
        let mut outside = inside.clone();
        vault.open_in(&mut outside);
        assert_eq!(outside, json!({ "a": ["Bearer s3cret/\"value\""], "b": 1 }));
        vault.take_in(&mut outside);
        assert_eq!(outside, inside);
        let mut shown = inside;
        seals.show_in(&mut shown);
        let text = shown["a"][0].as_str().unwrap();
        assert!(text.starts_with("Bearer *** (") && text.len() == "Bearer *** (abc)".len());
    }

    #[test]
    fn a_stand_in_that_somebody_else_wrote_is_not_opened() {
        let (vault, seals) = vault(&[("token", "s3cret-value")]);
        let mut forged = json!(seals.stand_in("token").unwrap());
        vault.take_in(&mut forged);
        vault.open_in(&mut forged);
        assert!(!forged.to_string().contains("s3cret-value"));
    }

    #[test]
    fn another_value_or_none_is_told() {
        let seals = Seals::new(
            "salt",
            "site",
            &values(&[("a", "12345678"), ("b", "abcdefgh")]),
        )
        .unwrap();
        let unfit = seals.open(&values(&[("a", "12345679")])).unwrap_err();
        assert_eq!(
            unfit,
            [
                Unfit::Different { name: "a".into() },
                Unfit::Missing { name: "b".into() }
            ]
        );
    }

    #[test]
    fn a_tag_stays_and_a_hash_does_not() {
        let values = values(&[("a", "12345678")]);
        let of = |salt| Seals::new(salt, "site", &values).unwrap().secrets[0].clone();
        assert_eq!(of("x").tag, of("y").tag);
        assert_ne!(of("x").hash, of("y").hash);
    }

    #[test]
    fn one_value_under_two_names_has_one_stand_in() {
        let (vault, seals) = vault(&[("a", "12345678"), ("b", "12345678"), ("c", "12345678-9")]);
        assert_eq!(seals.stand_in("a"), seals.stand_in("b"));
        assert_eq!(vault.closed("12345678-9"), seals.stand_in("c").unwrap());
        assert!(Seals::new("salt", "site", &values(&[("pin", "1234")])).is_err());
    }

    proptest! {
        /// Whatever stands around it, no form of the value is left, and opening gives back what was there.
        #[test]
        fn nothing_of_it_is_left(before in "\\PC{0,12}", after in "\\PC{0,12}", secret in "[!-~]{8,20}") {
            let (vault, _) = vault(&[("token", &secret)]);
            let text = format!("{before}{secret}{after}");
            let mut value = json!(text);
            vault.close_in(&mut value);
            prop_assert!(!value.as_str().unwrap().contains(&secret));
            vault.open_in(&mut value);
            prop_assert_eq!(value, json!(text));
        }
    }
}
