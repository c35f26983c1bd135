//! Where a record is found in Sugar's web client: `<site>/#Module/id`, as its addresses are by convention.

use std::fmt::Write as _;

/// None where there is no site to go to: in a sandbox inside a command.
pub(super) fn record_link(site: &str, module: &str, record: &str) -> Option<String> {
    let is_site = site.starts_with("https://") || site.starts_with("http://");
    let is_whole = !module.is_empty() && !record.is_empty();
    (is_site && is_whole).then(|| {
        let site = encoded(site, "-._~:/[]");
        let (module, record) = (encoded(module, "-._~"), encoded(record, "-._~"));
        format!("{site}/#{module}/{record}")
    })
}

/// Everything but letters, digits and `kept` in percent signs, so that nothing ends the address or the place it is
/// written in.
fn encoded(text: &str, kept: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric() || (letter.is_ascii() && kept.contains(letter)) {
            shown.push(letter);
        } else {
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_by_its_module_and_id() {
        let of = |site, record| record_link(site, "Accounts", record);
        assert_eq!(
            of("https://crm.example.com/sugar", "5f0c-1").as_deref(),
            Some("https://crm.example.com/sugar/#Accounts/5f0c-1")
        );
        assert_eq!(
            of("https://crm.example.com", "a) [x](b/\"#é").as_deref(),
            Some("https://crm.example.com/#Accounts/a%29%20%5Bx%5D%28b%2F%22%23%C3%A9")
        );
        assert_eq!(of("sandbox:1", "5f0c-1"), None);
        assert_eq!(of("javascript:alert(1)", "5f0c-1"), None);
        assert_eq!(of("https://crm.example.com", ""), None);
    }
}
