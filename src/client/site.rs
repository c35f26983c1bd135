//! The address of an instance, in one normal form.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// Whether an instance may be reached without TLS. Loopback always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlainHttp {
    #[default]
    LoopbackOnly,
    Anywhere,
}

/// A site's address: lower-case scheme and host, no default port, no trailing slash, nothing from `/rest` on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Site {
    address: String,
    loopback: bool,
    tls: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    #[error("the address of the instance is empty")]
    Empty,
    #[error("`{text}` has no `https://` in front")]
    NoScheme { text: String },
    #[error("`{scheme}` is not a way to reach an instance; it is `https`")]
    Scheme { scheme: String },
    #[error("`{text}` is not an address: {reason}")]
    Broken { text: String, reason: String },
    #[error(
        "the address holds a user name or password, which belong in `SUGAR_USERNAME` and `SUGAR_PASSWORD`"
    )]
    Credentials,
    #[error(
        "`{site}` is plain http, which shows the password to the network; use https, or `--allow-http`"
    )]
    PlainHttp { site: String },
}

impl Site {
    /// Takes what people paste: `https://x/`, `https://x/rest/v11_5`, `https://x/index.php#Accounts`.
    pub fn parse(text: &str, plain_http: PlainHttp) -> Result<Self, SiteError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SiteError::Empty);
        }
        if !text.contains("://") {
            return Err(quoting(text, |text| SiteError::NoScheme { text }));
        }
        let broken = |reason: String| quoting(text, |text| SiteError::Broken { text, reason });
        let url = Url::parse(text).map_err(|error| broken(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SiteError::Credentials);
        }
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            other => {
                return Err(SiteError::Scheme {
                    scheme: other.into(),
                });
            }
        };
        let Some(host) = url.host_str() else {
            return Err(broken("it names no host".into()));
        };
        let mut address = format!("{}://{host}", url.scheme());
        if let Some(port) = url.port() {
            address.push(':');
            address.push_str(&port.to_string());
        }
        for segment in folders(&url) {
            address.push('/');
            address.push_str(segment);
        }
        let site = Self {
            loopback: is_loopback(host),
            address,
            tls,
        };
        if !tls && !site.loopback && plain_http == PlainHttp::LoopbackOnly {
            return Err(SiteError::PlainHttp { site: site.address });
        }
        Ok(site)
    }

    /// The normal form: the instance's identity where no other is given.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    pub(super) fn has_tls(&self) -> bool {
        self.tls
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// An error that quotes the address, unless it may hold a password.
fn quoting(text: &str, error: impl FnOnce(String) -> SiteError) -> SiteError {
    if text.contains('@') {
        SiteError::Credentials
    } else {
        error(text.to_owned())
    }
}

/// The folders the site is installed in.
fn folders(url: &Url) -> impl Iterator<Item = &str> {
    url.path_segments()
        .into_iter()
        .flatten()
        .filter(|segment| !segment.is_empty())
        .take_while(|segment| !matches!(*segment, "rest" | "index.php"))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, SiteError> {
        Site::parse(text, PlainHttp::LoopbackOnly).map(|site| site.to_string())
    }

    #[test]
    fn one_instance_has_one_form() {
        for text in [
            "https://crm.example.com",
            "https://crm.example.com/",
            " HTTPS://CRM.Example.com:443/ ",
            "https://crm.example.com/rest/v11_5",
            "https://crm.example.com/rest/v11_5/Accounts?max_num=1",
            "https://crm.example.com/index.php?module=Home",
            "https://crm.example.com/#Accounts/1",
        ] {
            assert_eq!(
                read(text).as_deref(),
                Ok("https://crm.example.com"),
                "{text}"
            );
        }
        for (text, expected) in [
            ("https://x.example/Sugar/", "https://x.example/Sugar"),
            ("https://x.example//a//b/rest", "https://x.example/a/b"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:9", "http://[::1]:9"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn nonsense_is_said_to_be_so() {
        for (text, expected) in [
            ("", "the address of the instance is empty"),
            (
                "crm.example.com",
                "`crm.example.com` has no `https://` in front",
            ),
            (
                "ftp://x",
                "`ftp` is not a way to reach an instance; it is `https`",
            ),
            ("https://", "`https://` is not an address: empty host"),
            (
                "https://x:99999",
                "`https://x:99999` is not an address: invalid port number",
            ),
            (
                "http://crm.example.com",
                "`http://crm.example.com` is plain http, which shows the password to the network; use https, or `--allow-http`",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected);
        }
        assert!(Site::parse("http://crm.example.com", PlainHttp::Anywhere).is_ok());
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "https://admin:hunter2@crm.example.com",
            "admin:hunter2@crm.example.com",
            "https://admin:hunter2@:x",
        ] {
            let said = read(text).unwrap_err().to_string();
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_normal_form_is_its_own(text in "https?://[a-z0-9.]{1,12}(:[0-9]{1,5})?(/[a-zA-Z0-9%. ]{0,6}){0,3}") {
            if let Ok(site) = Site::parse(&text, PlainHttp::Anywhere) {
                proptest::prop_assert_eq!(Site::parse(site.as_str(), PlainHttp::Anywhere), Ok(site));
            }
        }
    }
}
