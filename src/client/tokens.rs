//! The one session that all requests of a run share.
//!
//! A second login with the same user and platform ends the first session, and a refresh ends the refresh tokens before it
//! (fact sheet 8). So there is one holder of tokens, one renewal at a time, and everyone who waited shares its end.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::ClientError;
use super::Connection;
use super::Credentials;
use super::Failure;
use super::error::words;
use super::grant;
use super::grant::Grant;
use super::losses::Loss;
use super::losses::Losses;
use super::transport::Transport;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::Reaction;

#[derive(Debug)]
pub(super) struct Tokens {
    connection: Connection,
    /// Renewals tried so far. Whoever waited for one knows by it that the one waited for was not its own.
    tried: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<Session>,
    next: u64,
    losses: Losses,
    /// How the last renewal went wrong, until one succeeds.
    failed: Option<Failure>,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) number: u64,
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
    /// When it is to be renewed, a while before it ends; `None` when the instance did not say.
    pub(super) renew_at: Option<Instant>,
    /// That it was refused before that time, and how soon.
    pub(super) refused: Option<Refused>,
}

/// When a session was refused that should not have ended yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// With the request for which it was begun or renewed.
    AtOnce,
    Later,
}

/// A token to send, and which session it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) secret: SecretString,
    session: u64,
}

impl State {
    /// Fails for good once something final has happened.
    fn is_open(&self) -> Result<(), Failure> {
        match &self.failed {
            Some(stop @ Failure::Stop(_)) => Err(stop.clone()),
            _ => Ok(()),
        }
    }
}

impl Session {
    fn token(&self) -> Token {
        Token {
            secret: self.access.clone(),
            session: self.number,
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.renew_at.is_some_and(|at| now >= at)
    }

    /// It was refused, and is not to be sent again.
    fn refused(&mut self, when: Refused) {
        let now = Instant::now();
        if !self.is_due(now) {
            self.renew_at = Some(now);
            self.refused = Some(when);
        }
    }
}

impl Tokens {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            tried: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The token of the session, which is begun or renewed if need be.
    pub(super) async fn current(&self, transport: &Transport) -> Result<Token, Failure> {
        let seen = self.tried.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        state.is_open()?;
        if let Some(session) = &state.session
            && !session.is_due(Instant::now())
        {
            return Ok(session.token());
        }
        self.renew(&mut state, seen, transport).await
    }

    /// The token that follows one the instance refused.
    pub(super) async fn after_refusal(
        &self,
        refused: &Token,
        transport: &Transport,
    ) -> Result<Token, Failure> {
        let seen = self.tried.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        state.is_open()?;
        let state = &mut *state;
        match &mut state.session {
            // Somebody else met the same refusal and has renewed already.
            Some(session) if session.number != refused.session => return Ok(session.token()),
            Some(session) => session.refused(Refused::Later),
            None => {}
        }
        self.renew(state, seen, transport).await
    }

    /// The token that was to mend a refusal was refused itself. There is no third try: the next request renews it.
    pub(super) async fn refused_again(&self, refused: &Token) {
        let mut state = self.state.lock().await;
        if let Some(session) = &mut state.session
            && session.number == refused.session
        {
            session.refused(Refused::AtOnce);
        }
    }

    /// Refreshes, or logs in where there is nothing to refresh with. `seen` is the number of renewals tried when the
    /// caller began to wait: what has failed meanwhile is not tried again at once.
    async fn renew(
        &self,
        state: &mut State,
        seen: u64,
        transport: &Transport,
    ) -> Result<Token, Failure> {
        if let Some(failure) = &state.failed
            && self.tried.load(Ordering::Acquire) != seen
        {
            return Err(failure.clone());
        }
        let result = self.obtain(state, transport).await;
        self.tried.fetch_add(1, Ordering::AcqRel);
        match result {
            Ok(session) => {
                let token = session.token();
                state.session = Some(session);
                state.failed = None;
                Ok(token)
            }
            Err(failure) => {
                state.failed = Some(failure.clone());
                Err(failure)
            }
        }
    }

    async fn obtain(&self, state: &mut State, transport: &Transport) -> Result<Session, Failure> {
        let number = state.next;
        state.next += 1;
        let (username, password) = match &self.connection.credentials {
            Credentials::Password { username, password } => (username, password),
            Credentials::AccessToken(token) => return self.given_token(token, state, number),
        };
        let refused = state.session.as_ref().and_then(|s| s.refused);
        let refresh = state.session.as_ref().and_then(|s| s.refresh.clone());
        if let Some(refresh) = refresh {
            match Grant::refresh(&self.connection, &refresh)
                .send(transport)
                .await
            {
                Ok(granted) => {
                    tracing::debug!("session refreshed");
                    // Otherwise it was the token alone that had ended.
                    if refused == Some(Refused::AtOnce) {
                        self.lost(state, Loss::Unclear)?;
                    }
                    let mut session = granted.session(number);
                    // An instance that does not rotate it need not repeat it.
                    session.refresh.get_or_insert(refresh);
                    return Ok(session);
                }
                // The refresh token is dead; the password is not.
                Err(fault) if is_refusal(&fault) => {
                    state.session = None;
                    if refused.is_some() {
                        self.lost(state, Loss::Whole)?;
                    }
                }
                Err(fault) => return Err(Failure::NotSent(fault)),
            }
        } else if refused.is_some() {
            // Not counted again should the login have to wait for an outage to end.
            state.session = None;
            self.lost(state, Loss::Unclear)?;
        }
        match Grant::password(&self.connection, username, password)
            .send(transport)
            .await
        {
            Ok(granted) => {
                tracing::debug!("logged in");
                Ok(granted.session(number))
            }
            Err(fault) => Err(self.login_failed(fault, username)),
        }
    }

    /// There is one, so when it is asked for again it has been refused.
    fn given_token(
        &self,
        token: &SecretString,
        state: &State,
        number: u64,
    ) -> Result<Session, Failure> {
        if state.session.is_some() {
            return Err(Failure::Stop(ClientError::TokenRefused {
                site: self.connection.site.to_string(),
            }));
        }
        Ok(Session {
            number,
            access: token.clone(),
            refresh: None,
            renew_at: None,
            refused: None,
        })
    }

    /// A wrong password is final: trying it again locks accounts.
    fn login_failed(&self, fault: Fault, username: &str) -> Failure {
        let site = self.connection.site.to_string();
        if fault.reaction() == Reaction::Stop {
            return Failure::Stop(ClientError::WrongVersion {
                site,
                version: self.connection.api_version.to_string(),
                message: words(&fault),
            });
        }
        if is_refusal(&fault) {
            return Failure::Stop(ClientError::LoginRefused {
                site,
                username: username.to_owned(),
                platform: self.connection.platform.clone(),
                message: words(&fault),
            });
        }
        Failure::NotSent(fault)
    }

    /// Counts a session that ended before its time, and stops where that happens too often.
    fn lost(&self, state: &mut State, loss: Loss) -> Result<(), Failure> {
        let Some(loss) = state.losses.count(Instant::now(), loss) else {
            return Ok(());
        };
        let site = self.connection.site.to_string();
        let username = self
            .connection
            .credentials
            .username()
            .unwrap_or("?")
            .to_owned();
        let platform = self.connection.platform.clone();
        Err(Failure::Stop(match loss {
            Loss::Whole => ClientError::SessionFight {
                site,
                username,
                platform,
            },
            Loss::Unclear => ClientError::SessionsLost {
                site,
                username,
                platform,
            },
        }))
    }

    /// Ends the session; whether that works is of no further interest.
    pub(super) async fn end(&self, transport: &Transport) {
        if !matches!(self.connection.credentials, Credentials::Password { .. }) {
            return;
        }
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.take() {
            let _ = grant::logout(transport, &session.access).await;
        }
    }
}

/// The instance understood and said no. A lost answer, an outage or too many requests are no refusal.
fn is_refusal(fault: &Fault) -> bool {
    match fault {
        // Not Sugar's own error body: some other server speaks, or something in between.
        Fault::Refused {
            label: Label::Local(_),
            status,
            ..
        } => matches!(status, 400 | 401 | 403),
        Fault::Refused { .. } => matches!(fault.reaction(), Reaction::Login | Reaction::Fail),
        _ => false,
    }
}
