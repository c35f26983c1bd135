//! The way to a named instance: flags, profile and environment into a connection.

use std::path::PathBuf;

use secrecy::SecretString;

use super::failure::Failure;
use super::instance::Manner;
use super::profile::Profile;
use super::settings::Environment;
use crate::client::ApiVersion;
use crate::client::ClientError;
use crate::client::Connection;
use crate::client::Credentials;
use crate::client::PlainHttp;
use crate::client::Proxy;
use crate::client::Site;

/// Where to go, and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) url: String,
    pub(crate) plain_http: PlainHttp,
    /// Empty where the instance was named by its address.
    pub(crate) profile: Profile,
}

/// A profile's word goes before the environment's; what it leaves out, the environment says.
pub(crate) fn connection(
    environment: &Environment,
    destination: &Destination,
    manner: Manner,
) -> Result<Connection, Failure> {
    let profile = &destination.profile;
    let text = |name: &str| environment.get(name).ok().map(str::to_owned);
    let plain_http = if profile.allow_http {
        PlainHttp::Anywhere
    } else {
        destination.plain_http
    };
    let site = Site::parse(&destination.url, plain_http).map_err(ClientError::from)?;
    let mut connection = Connection::new(site, credentials(environment, destination)?);
    let secret_name = profile.client_secret_env.as_deref();
    if let Some(client_id) = profile
        .client_id
        .clone()
        .or_else(|| text("SUGAR_CLIENT_ID"))
    {
        connection.client_id = client_id;
    }
    if let Some(secret) = text(secret_name.unwrap_or("SUGAR_CLIENT_SECRET")) {
        connection.client_secret = SecretString::from(secret);
    }
    if let Some(platform) = profile.platform.clone().or_else(|| text("SUGAR_PLATFORM")) {
        connection.platform = platform;
    }
    if let Some(version) = profile
        .api_version
        .clone()
        .or_else(|| text("SUGAR_API_VERSION"))
    {
        connection.api_version = ApiVersion::parse(&version)?;
    }
    connection.ca_file = profile
        .ca_file
        .clone()
        .or_else(|| text("SUGAR_CA_FILE").map(PathBuf::from));
    let proxy = text("HTTPS_PROXY").or_else(|| text("https_proxy"));
    connection.proxy = proxy.map(|url| Proxy {
        url,
        except: text("NO_PROXY").or_else(|| text("no_proxy")),
    });
    manner.set(&mut connection);
    Ok(connection)
}

fn credentials(
    environment: &Environment,
    destination: &Destination,
) -> Result<Credentials, Failure> {
    let profile = &destination.profile;
    let text = |name: &str| environment.get(name).ok().map(str::to_owned);
    let token_name = profile.access_token_env.as_deref();
    let password_name = profile.password_env.as_deref().unwrap_or("SUGAR_PASSWORD");
    // Who names a user means to log in as that one, whatever token lies about.
    let token = match (token_name, &profile.username) {
        (Some(name), _) => text(name),
        (None, Some(_)) => None,
        (None, None) => text("SUGAR_ACCESS_TOKEN"),
    };
    let username = profile.username.clone().or_else(|| text("SUGAR_USERNAME"));
    let missing = |name: &str, help: String| Failure::Arguments {
        message: format!(
            "`{name}` is not set, so there is no login for `{}`",
            destination.url
        ),
        help: Some(help),
    };
    match (token, username, text(password_name)) {
        (Some(token), ..) => Ok(Credentials::AccessToken(SecretString::from(token))),
        (None, Some(username), Some(password)) => Ok(Credentials::Password {
            username,
            password: SecretString::from(password),
        }),
        (None, ..) if let Some(name) = token_name => Err(missing(
            name,
            "the profile names it for the access token".into(),
        )),
        (None, Some(_), None) => {
            let other = match profile.username {
                Some(_) => "",
                None => ", or SUGAR_ACCESS_TOKEN",
            };
            Err(missing(
                password_name,
                format!("set {password_name}{other}"),
            ))
        }
        (None, None, _) => Err(missing(
            "SUGAR_USERNAME",
            format!("set SUGAR_USERNAME and {password_name}, or SUGAR_ACCESS_TOKEN"),
        )),
    }
}
