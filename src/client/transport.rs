//! One HTTP exchange: what is sent, what came back, and what it means when nothing did. Private to the client.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::string::FromUtf8Error;
use std::time::Duration;

use governor::DefaultDirectRateLimiter;
use governor::Quota;
use governor::RateLimiter;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::Certificate;
use reqwest::NoProxy;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderValue;
use reqwest::header::LOCATION;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::Value as Json;
use tokio::time::Instant;

use super::ClientError;
use super::Connection;
use super::counts::Counter;
use crate::diag::Vault;
use crate::wire::Answer;
use crate::wire::Body;
use crate::wire::BulkAnswer;
use crate::wire::Fault;
use crate::wire::Method;
use crate::wire::Sent;
use crate::wire::excerpt;
use crate::wire::judge;

/// The largest answer taken. Unfiltered metadata is about 3 MB (fact sheet 7).
const LARGEST_ANSWER: usize = 128 << 20;

/// Memory taken for an answer before it comes, at most: nobody has to send what is announced.
const TAKEN_AHEAD: usize = 1 << 20;

/// Of an answer that cannot be read, in bytes.
const LOOKED_AT: usize = 64 << 10;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) struct Transport {
    http: reqwest::Client,
    /// `https://x/rest/v11_5`.
    base: String,
    site: String,
    timeout: Duration,
    /// Lets the next request begin when its time has come.
    limiter: Option<DefaultDirectRateLimiter>,
    pub(super) counter: Counter,
}

/// One request after the other, evenly: an instance that wants its peace is not helped by a burst and a pause.
fn limiter(per_second: f64) -> Option<DefaultDirectRateLimiter> {
    let gap = Duration::try_from_secs_f64(per_second.recip()).ok()?;
    // A gap that no clock can tell from none limits nothing.
    Quota::with_period(gap).map(RateLimiter::direct)
}

/// A request as the transport takes it.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Begins with a slash; follows the version.
    pub(super) path: &'a str,
    /// JSON.
    pub(super) body: Option<Cow<'a, str>>,
    pub(super) headers: &'a [(&'static str, String)],
    pub(super) token: Option<&'a SecretString>,
    pub(super) content: Content<'a>,
}

/// Whether what comes back may be shown in a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    /// It may, but for the secrets that may have been sent.
    Plain(&'a Vault),
    /// Tokens.
    Secret,
}

impl Transport {
    pub(super) fn new(connection: &Connection) -> Result<Self, ClientError> {
        // Without a provider, building a client panics; the second install is refused, and that is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let site = &connection.site;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("sugarmill/", env!("CARGO_PKG_VERSION")))
            // `incorrect_version` is an HTTP 301 with an error body (fact sheet 6), and a write must not be sent on.
            .redirect(Policy::none())
            // Attempts are counted and judged above.
            .retry(reqwest::retry::never())
            .timeout(connection.request_timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(connection.request_timeout))
            .gzip(true)
            // The environment is read in one place, which is not here.
            .no_proxy();
        if !site.has_tls() {
            // A machine without certificates can still serve itself.
            builder = builder.tls_certs_only([]);
        } else if let Some(path) = &connection.ca_file {
            let broken = |reason: String| ClientError::CaFile {
                path: path.clone(),
                reason,
            };
            let pem = fs_err::read(path).map_err(|error| broken(error.kind().to_string()))?;
            let roots =
                Certificate::from_pem_bundle(&pem).map_err(|error| broken(deepest(&error)))?;
            if roots.is_empty() {
                return Err(broken("there is none in it".into()));
            }
            builder = builder.tls_certs_merge(roots);
        }
        if let Some(proxy) = connection.proxy.as_ref().filter(|_| !site.is_loopback()) {
            let refused = |error: reqwest::Error| ClientError::Proxy {
                reason: deepest(&error),
            };
            let except = proxy.except.as_deref().and_then(NoProxy::from_string);
            let proxy = reqwest::Proxy::https(&proxy.url).map_err(refused)?;
            builder = builder.proxy(proxy.no_proxy(except));
        }
        let http = builder.build().map_err(|error| ClientError::Tls {
            reason: deepest(&error),
        })?;
        Ok(Self {
            http,
            base: format!("{site}/rest/{}", connection.api_version),
            site: site.to_string(),
            timeout: connection.request_timeout,
            limiter: connection.most_per_second.and_then(limiter),
            counter: Counter::default(),
        })
    }

    /// One attempt.
    pub(super) async fn exchange(&self, call: Call<'_>) -> Result<Answer, Fault> {
        let content = call.content;
        self.attempt(call, |came| came.answer(content)).await
    }

    /// One attempt with a `/bulk` of so many entries.
    pub(super) async fn bulk(
        &self,
        call: Call<'_>,
        entries: usize,
    ) -> Result<Vec<Result<Answer<Body>, Fault>>, Fault> {
        let content = call.content;
        self.attempt(call, |came| came.bulk(content)?.judge(entries))
            .await
    }

    async fn attempt<T>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(Came) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if let Some(limiter) = &self.limiter {
            limiter.until_ready().await;
        }
        self.counter.request();
        let path = call.path.split('?').next().unwrap_or_default();
        let method = call.method.as_str();
        let begun = Instant::now();
        let came = self.send(call).await;
        self.counter.took(begun.elapsed());
        let status = came.as_ref().map_or(0, |came| came.status);
        let result = came.and_then(read);
        match &result {
            Ok(_) => tracing::debug!(method, path, status, "answered"),
            Err(fault) => {
                tracing::debug!(method, path, status = fault.status(), label = %fault.label(), "no answer");
            }
        }
        result
    }

    async fn send(&self, call: Call<'_>) -> Result<Came, Fault> {
        let mut request = self
            .http
            .request(method(call.method), format!("{}{}", self.base, call.path));
        for (name, value) in call.headers {
            request = request.header(*name, value);
        }
        if let Some(token) = call.token {
            let mut value = HeaderValue::from_str(token.expose_secret()).map_err(|_| {
                lost(
                    Sent::No,
                    "the access token has characters no header can have",
                )
            })?;
            value.set_sensitive(true);
            request = request.header("OAuth-Token", value);
        }
        if let Some(body) = call.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.into_owned());
        }
        let response = request.send().await.map_err(|error| self.fault(&error))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let location = location(response.headers());
        Ok(Came {
            bytes: self.read(response, status, retry_after).await?,
            status,
            retry_after,
            location,
        })
    }

    async fn read(
        &self,
        mut response: Response,
        status: u16,
        retry_after: Option<Duration>,
    ) -> Result<Vec<u8>, Fault> {
        // Where its length is told, no larger piece of memory is taken while it comes.
        let length = response.content_length().unwrap_or(0);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(length.min(TAKEN_AHEAD));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.fault(&error))? {
            if bytes.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Fault::NotJson {
                    status,
                    excerpt: format!("more than {} MiB", LARGEST_ANSWER >> 20),
                    retry_after,
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// A connection that never was cannot have carried a request; any other loss may have come after it.
    fn fault(&self, error: &reqwest::Error) -> Fault {
        let reason = deepest(error);
        if distrusts(error) {
            lost(
                Sent::No,
                &format!(
                    "`{}` is not trusted: {reason}; `SUGAR_CA_FILE` can name a further certificate to trust",
                    self.site
                ),
            )
        } else if error.is_connect() {
            lost(
                Sent::No,
                &format!("cannot connect to `{}`: {reason}", self.site),
            )
        } else if error.is_builder() {
            lost(Sent::No, &format!("the request cannot be built: {reason}"))
        } else if error.is_timeout() {
            Fault::Timeout {
                after: self.timeout,
            }
        } else {
            lost(
                Sent::Perhaps,
                &format!("the connection to `{}` was lost: {reason}", self.site),
            )
        }
    }
}

/// What came back, as it came.
struct Came {
    status: u16,
    bytes: Vec<u8>,
    retry_after: Option<Duration>,
    location: Option<String>,
}

impl Came {
    fn answer(self, content: Content<'_>) -> Result<Answer, Fault> {
        let Self {
            status,
            bytes,
            retry_after,
            location,
        } = self;
        let not_json = |excerpt: String| Fault::NotJson {
            status,
            excerpt,
            retry_after,
        };
        if bytes.is_empty() && status == 204 {
            return judge(status, Json::Null, retry_after);
        }
        let mut body = serde_json::from_slice::<Json>(&bytes);
        if let (Ok(body), Content::Plain(vault)) = (&mut body, content) {
            vault.take_in(body);
        }
        let labelled = body.as_ref().is_ok_and(|body| body.get("error").is_some());
        match (body, location) {
            (_, Some(target)) if (300..400).contains(&status) && !labelled => {
                Err(not_json(format!("a redirect to `{target}`")))
            }
            (Ok(body), _) => judge(status, body, retry_after),
            (Err(error), _) => Err(not_json(unreadable(&bytes, &error, content))),
        }
    }

    /// The contents of the entries stay text, unless something in them may be secret.
    fn bulk(mut self, content: Content<'_>) -> Result<BulkAnswer, Fault> {
        let is_open = matches!(content, Content::Plain(vault) if vault.is_empty());
        if self.status == 200 && is_open {
            let text = String::from_utf8(self.bytes).map_err(FromUtf8Error::into_bytes);
            match text.and_then(|text| BulkAnswer::read(text).map_err(String::into_bytes)) {
                Ok(entries) => return Ok(entries),
                Err(bytes) => self.bytes = bytes,
            }
        }
        BulkAnswer::of_json(self.answer(content)?.body)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

fn lost(sent: Sent, detail: &str) -> Fault {
    Fault::Network {
        sent,
        detail: detail.to_owned(),
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// The innermost cause, which is what a person can act on; never an address with its query.
fn deepest(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    excerpt(&cause.to_string())
}

/// Whether the other side's certificate is what went wrong.
fn distrusts(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(this) = cause {
        if let Some(rustls::Error::InvalidCertificate(_)) = this.downcast_ref() {
            return true;
        }
        // An I/O error does not name what it wraps as its source, and one may wrap another.
        let wrapped = this
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => this.source(),
        };
    }
    false
}

fn unreadable(bytes: &[u8], error: &serde_json::Error, content: Content<'_>) -> String {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return "an empty answer".into();
    }
    let vault = match content {
        Content::Plain(vault) => vault,
        Content::Secret if bytes.starts_with(b"<") => &Vault::default(),
        Content::Secret => return error.to_string(),
    };
    // Far more of it is looked at than can be shown, so that no secret is cut in two where the excerpt ends.
    let start = &bytes[..bytes.len().min(LOOKED_AT)];
    let text = excerpt(&vault.closed(&String::from_utf8_lossy(start)));
    if error.is_eof() {
        format!("JSON that breaks off: {text}")
    } else {
        text
    }
}

fn location(headers: &HeaderMap) -> Option<String> {
    let target = headers.get(LOCATION)?.to_str().ok()?;
    // What follows may hold a filter, and it is the address that helps.
    Some(excerpt(target.split(['?', '#']).next().unwrap_or(target)))
}

/// Seconds, or a date, which is measured against the answer's own `Date`: the two clocks need not agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let parse = |text: &str| DateTimeParser::new().parse_timestamp(text).ok();
    let until = parse(text)?;
    let now = parse(headers.get(reqwest::header::DATE)?.to_str().ok()?)?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(retry: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry.parse().unwrap());
        if let Some(date) = date {
            headers.insert(reqwest::header::DATE, date.parse().unwrap());
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(read("30", None), Some(30));
        assert_eq!(read("Wed, 21 Oct 2026 07:29:30 GMT", date), Some(90));
        assert_eq!(read("Wed, 21 Oct 2026 07:27:00 GMT", date), Some(0));
        assert_eq!(read("Wed, 21 Oct 2026 07:29:30 GMT", None), None);
        assert_eq!(read("soon", date), None);
        assert_eq!(read("-1", date), None);
    }

    #[test]
    fn a_secret_answer_is_not_quoted() {
        let bytes = br#"{"access_token": "hunter2", "#;
        let error = serde_json::from_slice::<Json>(bytes).unwrap_err();
        assert!(!unreadable(bytes, &error, Content::Secret).contains("hunter2"));
        assert!(
            unreadable(bytes, &error, Content::Plain(&Vault::default()))
                .starts_with("JSON that breaks off")
        );
    }
}
