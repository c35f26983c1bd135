//! Secrets taken out of whatever is about to be shown or stored.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;

pub(super) const MASK: &str = "***";

/// Shorter texts are not masked: they occur everywhere by chance, so that masking them would spoil a report and tell, by
/// the places, what they are.
const SHORTEST: usize = 4;

/// The secret texts of one command: password, client secret, tokens, vars of `type: secret`.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Each secret in every form in which it may turn up.
    forms: BTreeSet<String>,
}

impl Secrets {
    pub fn add(&mut self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            return;
        }
        let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let unreserved = keep_unreserved(&percent);
        self.forms.insert(unreserved.replace("%20", "+"));
        self.forms.insert(percent.to_lowercase());
        self.forms.insert(unreserved.to_lowercase());
        self.forms.insert(unreserved);
        self.forms.insert(percent);
        let json = in_json(secret);
        self.forms.insert(json.replace('/', "\\/"));
        // An entry of a bulk holds JSON as a text of JSON.
        self.forms.insert(in_json(&json));
        self.forms.insert(json);
        // Sugar stores some characters as HTML writes them.
        let html = secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        self.forms.insert(html.replace('\'', "&#039;"));
        self.forms.insert(html.replace('\'', "&#39;"));
        self.forms.insert(secret.to_owned());
    }

    pub fn mask(&self, text: &str) -> String {
        let mut found = Vec::new();
        for form in &self.forms {
            occurrences(text, form, &mut found);
        }
        found.sort_unstable();

        // Overlapping ones are one: what is left of the second would still be a piece of a secret.
        let mut masked = String::with_capacity(text.len());
        let mut shown_to = 0;
        for (start, end) in found {
            if start >= shown_to {
                masked.push_str(&text[shown_to..start]);
                masked.push_str(MASK);
            }
            shown_to = shown_to.max(end);
        }
        masked.push_str(&text[shown_to..]);
        masked
    }
}

/// What is secret is not for debug output either.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl<'a> FromIterator<&'a str> for Secrets {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut secrets = Self::default();
        for text in texts {
            secrets.add(text);
        }
        secrets
    }
}

/// As it stands between the quotes of a JSON text.
fn in_json(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// The form most encoders write: RFC 3986 leaves these four as they are.
fn keep_unreserved(percent: &str) -> String {
    percent
        .replace("%2D", "-")
        .replace("%2E", ".")
        .replace("%5F", "_")
        .replace("%7E", "~")
}

/// Every occurrence, those that overlap each other too.
fn occurrences(text: &str, form: &str, found: &mut Vec<(usize, usize)>) {
    let step = form.chars().next().map_or(1, char::len_utf8);
    let mut from = 0;
    while let Some(at) = text[from..].find(form) {
        let start = from + at;
        found.push((start, start + form.len()));
        from = start + step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_secret_is_masked() {
        let secrets: Secrets = ["p@ss/w\"rd-1"].into_iter().collect();
        for text in [
            "p@ss/w\"rd-1",
            "p%40ss%2Fw%22rd-1",
            "p%40ss%2fw%22rd-1",
            "p%40ss%2Fw%22rd%2D1",
            r#"p@ss/w\"rd-1"#,
            r#"p@ss\/w\"rd-1"#,
            r#"p@ss/w\\\"rd-1"#,
            "p@ss/w&quot;rd-1",
        ] {
            assert_eq!(secrets.mask(&format!("a={text}&b")), "a=***&b", "{text}");
        }
    }

    #[test]
    fn overlaps_leave_no_piece() {
        let secrets: Secrets = ["abcdef", "defghi", "abab"].into_iter().collect();
        assert_eq!(secrets.mask("<abcdefghi>"), "<***>");
        assert_eq!(secrets.mask("<ababab>"), "<***>");
        assert_eq!(secrets.mask("<abcdefabcdef>"), "<******>");
    }

    #[test]
    fn short_texts_and_texts_without_secrets_stay() {
        let secrets: Secrets = ["abc", ""].into_iter().collect();
        assert_eq!(secrets.mask("abc äöü"), "abc äöü");
    }

    #[test]
    fn debug_output_tells_nothing() {
        let secrets: Secrets = ["hunter22"].into_iter().collect();
        assert_eq!(format!("{secrets:?}"), "Secrets { .. }");
    }
}
