//! Where a record is found in Sugar's web client: `<site>/#Module/id`, as its addresses are by convention.

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;

/// Everything but what RFC 3986 calls unreserved, so that nothing ends the address or the place it is written in.
const IN_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same, but for what an address is built of.
const IN_SITE: &AsciiSet = &IN_NAME.remove(b':').remove(b'/').remove(b'[').remove(b']');

/// None where there is no site to go to: in a sandbox inside a command.
pub(super) fn record_link(site: &str, module: &str, record: &str) -> Option<String> {
    let is_site = site.starts_with("https://") || site.starts_with("http://");
    let is_whole = !module.is_empty() && !record.is_empty();
    (is_site && is_whole).then(|| {
        let site = utf8_percent_encode(site, IN_SITE);
        let module = utf8_percent_encode(module, IN_NAME);
        let record = utf8_percent_encode(record, IN_NAME);
        format!("{site}/#{module}/{record}")
    })
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
