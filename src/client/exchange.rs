//! Requests over the shared session: singly or as one `/bulk`, and once more for what a dead session refused.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value as Json;

use super::ClientError;
use super::Connection;
use super::Counts;
use super::Failure;
use super::tokens::Token;
use super::tokens::Tokens;
use super::transport::Call;
use super::transport::Content;
use super::transport::Transport;
use crate::diag::Vault;
use crate::wire::Answer;
use crate::wire::Body;
use crate::wire::Encoded;
use crate::wire::Fault;
use crate::wire::Method;
use crate::wire::Reaction;

/// What became of each entry, in the order sent.
pub(super) type Entries<B = Json> = Vec<Result<Answer<B>, Fault>>;

/// Cheap to clone; all clones share connection, session and counts.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    shared: Arc<Shared>,
    /// Opened in what is sent, closed in what comes back.
    vault: Arc<Vault>,
}

#[derive(Debug)]
struct Shared {
    transport: Transport,
    tokens: Tokens,
}

impl Exchange {
    pub(super) fn new(connection: Connection) -> Result<Self, ClientError> {
        let transport = Transport::new(&connection)?;
        let tokens = Tokens::new(connection);
        Ok(Self {
            shared: Arc::new(Shared { transport, tokens }),
            vault: Arc::default(),
        })
    }

    /// The same session for somebody who works with stand-ins.
    pub(super) fn keeping(&self, vault: Arc<Vault>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            vault,
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        self.shared.tokens.connection()
    }

    pub(super) fn take_counts(&self) -> Counts {
        self.shared.transport.counter.take()
    }

    pub(super) fn retried(&self, entries: u64) {
        self.shared.transport.counter.retried(entries);
    }

    pub(super) async fn log_out(&self) {
        self.shared.tokens.end(&self.shared.transport).await;
    }

    /// One request of its own.
    pub(super) async fn single(&self, request: &Encoded) -> Result<Result<Answer, Fault>, Failure> {
        let request = self.opened(request);
        let request = request.as_ref();
        let token = self.token().await?;
        let first = self.send_single(request, &token).await;
        match first {
            Err(fault) if is_dead_session(&fault) => {
                let token = self.token_after(&token).await?;
                let second = self.send_single(request, &token).await;
                self.note(&token, second.as_ref().err()).await;
                Ok(second)
            }
            other => Ok(other),
        }
    }

    /// All in one `/bulk`, whatever their number. The `headers` are those of the `/bulk` itself.
    pub(super) async fn bulk(
        &self,
        requests: &[Encoded],
        headers: &[(&'static str, String)],
    ) -> Result<Entries<Body>, Failure> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let requests: Vec<Cow<'_, Encoded>> = requests.iter().map(|one| self.opened(one)).collect();
        let token = self.token().await?;
        let all: Vec<&Encoded> = requests.iter().map(AsRef::as_ref).collect();
        let mut entries = match self.send_bulk(&all, headers, &token).await {
            Err(fault) if is_dead_session(&fault) => {
                let token = self.token_after(&token).await?;
                let second = self.send_bulk(&all, headers, &token).await;
                self.note(&token, refusal(&second)).await;
                return second.map_err(Failure::Whole);
            }
            other => other.map_err(Failure::Whole)?,
        };
        let refused: Vec<usize> = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.as_ref().is_err_and(is_dead_session))
            .map(|(index, _)| index)
            .collect();
        if refused.is_empty() {
            return Ok(entries);
        }
        // What the others answered must reach the caller whatever becomes of these.
        let again: Vec<&Encoded> = refused.iter().map(|index| all[*index]).collect();
        if let Ok(token) = self.token_after(&token).await {
            let second = self.send_bulk(&again, headers, &token).await;
            self.note(&token, refusal(&second)).await;
            match second {
                Ok(repeated) => {
                    for (index, entry) in refused.into_iter().zip(repeated) {
                        entries[index] = entry;
                    }
                }
                Err(fault) => {
                    for index in refused {
                        entries[index] = Err(fault.clone());
                    }
                }
            }
        }
        Ok(entries)
    }

    fn opened<'a>(&self, request: &'a Encoded) -> Cow<'a, Encoded> {
        match request.body().and_then(|body| self.vault.opened(body)) {
            Some(opened) => Cow::Owned(request.clone().with_body(opened)),
            None => Cow::Borrowed(request),
        }
    }

    async fn token(&self) -> Result<Token, Failure> {
        self.shared.tokens.current(&self.shared.transport).await
    }

    async fn token_after(&self, refused: &Token) -> Result<Token, Failure> {
        self.shared
            .tokens
            .after_refusal(refused, &self.shared.transport)
            .await
    }

    /// Takes note where the second try with a new token met a dead session again.
    async fn note(&self, token: &Token, fault: Option<&Fault>) {
        if fault.is_some_and(is_dead_session) {
            self.shared.tokens.refused_again(token).await;
        }
    }

    async fn send_single(&self, request: &Encoded, token: &Token) -> Result<Answer, Fault> {
        self.shared.transport.counter.single();
        self.shared
            .transport
            .exchange(Call {
                method: request.method(),
                path: request.path(),
                body: request.body().map(Cow::Borrowed),
                headers: request.headers(),
                token: Some(&token.secret),
                content: Content::Plain(&self.vault),
            })
            .await
    }

    async fn send_bulk(
        &self,
        requests: &[&Encoded],
        headers: &[(&'static str, String)],
        token: &Token,
    ) -> Result<Entries<Body>, Fault> {
        self.shared.transport.counter.bulk(requests.len());
        let version = self.connection().api_version.as_str();
        let call = Call {
            method: Method::Post,
            path: "/bulk",
            body: Some(Encoded::bulk(version, requests).into()),
            headers,
            token: Some(&token.secret),
            content: Content::Plain(&self.vault),
        };
        self.shared.transport.bulk(call, requests.len()).await
    }
}

/// The fault by which a `/bulk`, or any entry of it, was refused for its session.
fn refusal(sent: &Result<Entries<Body>, Fault>) -> Option<&Fault> {
    match sent {
        Ok(entries) => entries
            .iter()
            .filter_map(|entry| entry.as_ref().err())
            .find(|fault| is_dead_session(fault)),
        Err(fault) => Some(fault),
    }
}

fn is_dead_session(fault: &Fault) -> bool {
    fault.reaction() == Reaction::Login
}
