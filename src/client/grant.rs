//! `POST /oauth2/token` and `/oauth2/logout`. Their bodies and answers are secret.

use std::time::Duration;

use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::Value as Json;
use serde_json::json;
use tokio::time::Instant;

use super::Connection;
use super::tokens::Session;
use super::transport::Call;
use super::transport::Content;
use super::transport::Transport;
use crate::wire::Fault;
use crate::wire::Method;

/// A session is renewed this long before it ends, or a tenth of its life where that is shorter.
const BEFORE_THE_END: Duration = Duration::from_mins(1);

/// A request for tokens. It has no `Debug`: its body holds the password.
pub(super) struct Grant {
    body: Json,
}

pub(super) struct Granted {
    access: SecretString,
    refresh: Option<SecretString>,
    lives: Option<Duration>,
}

impl Grant {
    pub(super) fn password(
        connection: &Connection,
        username: &str,
        password: &SecretString,
    ) -> Self {
        Self::new(
            connection,
            json!({
                "grant_type": "password",
                "username": username,
                "password": password.expose_secret(),
            }),
        )
    }

    pub(super) fn refresh(connection: &Connection, refresh: &SecretString) -> Self {
        Self::new(
            connection,
            json!({ "grant_type": "refresh_token", "refresh_token": refresh.expose_secret() }),
        )
    }

    fn new(connection: &Connection, mut body: Json) -> Self {
        body["client_id"] = connection.client_id.as_str().into();
        body["client_secret"] = connection.client_secret.expose_secret().into();
        body["platform"] = connection.platform.as_str().into();
        Self { body }
    }

    pub(super) async fn send(self, transport: &Transport) -> Result<Granted, Fault> {
        let answer = transport
            .exchange(Call {
                method: Method::Post,
                path: "/oauth2/token",
                body: Some(self.body.to_string().into()),
                headers: &[],
                token: None,
                content: Content::Secret,
            })
            .await?;
        let text = |name: &str| {
            let text = answer.body.get(name)?.as_str()?;
            (!text.is_empty()).then(|| SecretString::from(text))
        };
        let Some(access) = text("access_token") else {
            return Err(Fault::NotJson {
                status: answer.status,
                excerpt: "an answer without `access_token`".into(),
                retry_after: None,
            });
        };
        let lives = answer
            .body
            .get("expires_in")
            .and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
        Ok(Granted {
            access,
            refresh: text("refresh_token"),
            lives: lives.map(Duration::from_secs),
        })
    }
}

impl Granted {
    pub(super) fn session(self, number: u64) -> Session {
        Session {
            number,
            access: self.access,
            refresh: self.refresh,
            renew_at: self.lives.and_then(|lives| {
                let early = BEFORE_THE_END.min(lives / 10);
                Instant::now().checked_add(lives.saturating_sub(early))
            }),
            refused: None,
        }
    }
}

pub(super) async fn logout(transport: &Transport, token: &SecretString) -> Result<(), Fault> {
    transport
        .exchange(Call {
            method: Method::Post,
            path: "/oauth2/logout",
            body: None,
            headers: &[],
            token: Some(token),
            content: Content::Secret,
        })
        .await
        .map(drop)
}
