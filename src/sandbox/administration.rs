//! `/sandbox/…`: what a test may change while the server runs. Reachable from this machine only, as all of it.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

use super::answer::Answer;
use super::config::ClientIds;
use super::cost::CostModel;
use super::dispatch::no_method;
use super::failure::Failure;
use super::faults::Fault;
use super::faults::GoneField;
use super::orders::Order;
use super::rights::RoleFile;
use super::service::Service;

/// Serves `GET|POST|DELETE /sandbox/faults`, `PUT /sandbox/ids`, `PUT /sandbox/roles` and `PUT /sandbox/cost`. Each answers
/// what holds from then on.
pub(crate) async fn serve(service: &Service, method: &str, target: &str, raw: &[u8]) -> Answer {
    let path = target.trim_matches('/');
    let done = match (method, path) {
        ("GET", "sandbox/faults") => Ok(present(service)),
        ("POST", "sandbox/faults") => add(service, raw).await,
        ("DELETE", "sandbox/faults") => {
            service.faults.clear();
            Ok(present(service))
        }
        ("PUT", "sandbox/ids") => set_ids(service, raw).await,
        ("PUT", "sandbox/roles") => set_roles(service, raw).await,
        ("PUT", "sandbox/cost") => set_cost(service, raw).map_err(Failure::into_answer),
        _ => Err(no_method().into_answer()),
    };
    done.map_or_else(|refusal| refusal, Answer::ok)
}

fn present(service: &Service) -> Value {
    json!({ "faults": service.faults.list() })
}

/// One fault, some, or both, each in its text form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    fault: Option<String>,
    faults: Option<Vec<String>>,
}

async fn add(service: &Service, raw: &[u8]) -> Result<Value, Answer> {
    let faults = faults(raw).map_err(Failure::into_answer)?;
    let gone: Vec<GoneField> = faults.iter().filter_map(Fault::gone).cloned().collect();
    if !gone.is_empty() {
        service.ask(Order::Find(gone)).await?;
    }
    service.faults.add(faults);
    Ok(present(service))
}

fn faults(raw: &[u8]) -> Result<Vec<Fault>, Failure> {
    let given: Given = read(raw)?;
    if given.fault.is_none() && given.faults.is_none() {
        return Err(Failure::missing("fault"));
    }
    given
        .fault
        .into_iter()
        .chain(given.faults.into_iter().flatten())
        .map(|text| {
            text.parse::<Fault>()
                .map_err(|error| Failure::invalid(error.to_string()))
        })
        .collect()
}

/// `{"ids": "honour"}` or `{"ids": "ignore"}`.
async fn set_ids(service: &Service, raw: &[u8]) -> Result<Value, Answer> {
    let (text, ids) = ids(raw).map_err(Failure::into_answer)?;
    service.ask(Order::SetIds(ids)).await?;
    Ok(json!({ "ids": text }))
}

fn ids(raw: &[u8]) -> Result<(String, ClientIds), Failure> {
    let body: Value = read(raw)?;
    let text = body["ids"]
        .as_str()
        .ok_or_else(|| Failure::missing("ids"))?;
    let ids = text
        .parse::<ClientIds>()
        .map_err(|error| Failure::invalid(error.to_string()))?;
    Ok((text.to_owned(), ids))
}

async fn set_roles(service: &Service, raw: &[u8]) -> Result<Value, Answer> {
    let roles: Vec<RoleFile> = read(raw).map_err(Failure::into_answer)?;
    let names: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
    service.ask(Order::SetRoles(roles)).await?;
    Ok(json!({ "roles": names }))
}

fn set_cost(service: &Service, raw: &[u8]) -> Result<Value, Failure> {
    let cost = cost(service.cost(), raw)?;
    service.set_cost(Some(cost));
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(json!({ "cost": {
        "request": milliseconds(cost.request), "create": milliseconds(cost.create),
        "update": milliseconds(cost.update), "delete": milliseconds(cost.delete),
        "read": milliseconds(cost.read), "workers": cost.workers,
    } }))
}

/// Milliseconds for a request and a record of each kind, and the number of workers. What is not named stays as it is; a
/// sandbox without a cost model starts from one that costs nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    request: Option<f64>,
    create: Option<f64>,
    update: Option<f64>,
    delete: Option<f64>,
    read: Option<f64>,
    workers: Option<usize>,
}

fn cost(before: Option<CostModel>, raw: &[u8]) -> Result<CostModel, Failure> {
    let given: Cost = read(raw)?;
    let mut cost = before.unwrap_or(CostModel::NOTHING);
    for (time, milliseconds) in [
        (&mut cost.request, given.request),
        (&mut cost.create, given.create),
        (&mut cost.update, given.update),
        (&mut cost.delete, given.delete),
        (&mut cost.read, given.read),
    ] {
        if let Some(milliseconds) = milliseconds {
            *time = Duration::try_from_secs_f64(milliseconds / 1000.0).map_err(|_| {
                Failure::invalid(format!("{milliseconds} is no number of milliseconds"))
            })?;
        }
    }
    match given.workers {
        Some(0) => return Err(Failure::invalid("An instance has at least one worker.")),
        Some(workers) => cost.workers = workers,
        None => {}
    }
    Ok(cost)
}

fn read<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(raw)
        .map_err(|error| Failure::invalid(format!("The body is not as expected: {error}")))
}
