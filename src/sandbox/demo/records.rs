//! Accounts and what belongs to them.

use serde_json::Value;
use serde_json::json;

use super::fill::Pen;
use super::leftovers;
use super::leftovers::Known;
use super::names;
use crate::sandbox::failure::Failure;

const OWNERS: &[&str] = &[
    "seed_sally_id",
    "seed_max_id",
    "seed_chris_id",
    "seed_sarah_id",
    "seed_will_id",
];
const INDUSTRIES: &[&str] = &[
    "Apparel",
    "Banking",
    "Chemicals",
    "Education",
    "Electronics",
    "Energy",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Technology",
];
const STAGES: &[(&str, u32)] = &[
    ("Prospecting", 10),
    ("Qualification", 20),
    ("Needs Analysis", 25),
    ("Value Proposition", 30),
    ("Id. Decision Makers", 40),
    ("Proposal/Price Quote", 65),
    ("Negotiation/Review", 80),
    ("Closed Won", 100),
    ("Closed Lost", 0),
];

pub(super) fn fill(pen: &mut Pen<'_>, accounts: usize) -> Result<(), Failure> {
    if accounts == 0 {
        return Ok(());
    }
    let campaigns = campaigns(pen)?;
    let mut ids: Vec<String> = Vec::with_capacity(accounts);
    let mut known: Vec<Known> = Vec::with_capacity(accounts);
    for number in 0..accounts {
        let parent = if number % 10 == 9 {
            ids.get(number - 9).cloned()
        } else {
            None
        };
        let account = account(pen, number, parent.as_deref())?;
        let (contacts, first) = contacts(pen, &account)?;
        known.extend(first);
        for _ in 0..=pen.dice.below(2) {
            opportunity(pen, &account, &contacts)?;
        }
        support(pen, &account, &contacts)?;
        activities(pen, &account, &contacts)?;
        for _ in 0..=pen.dice.below(2) {
            lead(pen, &campaigns)?;
        }
        ids.push(account);
    }
    leftovers::fill(pen, &known, inquirer)
}

fn owner(pen: &mut Pen<'_>) -> &'static str {
    pen.dice.pick(OWNERS)
}

fn phone(pen: &mut Pen<'_>) -> String {
    format!(
        "({:03}) 555-{:04}",
        201 + pen.dice.below(700),
        pen.dice.below(10_000)
    )
}

/// A day of 2026.
fn day(pen: &mut Pen<'_>) -> String {
    format!(
        "2026-{:02}-{:02}",
        1 + pen.dice.below(12),
        1 + pen.dice.below(28)
    )
}

/// The host name that goes with a name: letters and digits only.
fn host(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}

/// The names of accounts are all different, so that a demo can find one by its name.
fn account_name(pen: &mut Pen<'_>, number: usize) -> String {
    let (companies, trades) = (names::COMPANY.len(), names::TRADE.len());
    let company = names::COMPANY[number % companies];
    let trade = names::TRADE[(number / companies + number) % trades];
    let form = names::FORM[(number / (companies * trades)) % names::FORM.len()];
    let series = number / (companies * trades * names::FORM.len());
    let suffix = if series == 0 {
        String::new()
    } else {
        format!(" {}", series + 1)
    };
    let form = if number < companies * trades {
        pen.dice.pick(names::FORM)
    } else {
        form
    };
    format!("{company} {trade} {form}{suffix}")
}

fn account(pen: &mut Pen<'_>, number: usize, parent: Option<&str>) -> Result<String, Failure> {
    let name = account_name(pen, number);
    let (city, state, code, country) = pen.dice.pick(names::PLACE);
    let street = format!(
        "{} {}",
        1 + pen.dice.below(200),
        pen.dice.pick(names::STREET)
    );
    let site = format!("www.{}.example.com", host(&name));
    let mut tags = Vec::new();
    if pen.dice.chance(30) {
        tags.push(pen.dice.pick(names::TAG));
    }
    let fields = json!({
        "name": name,
        "account_type": pen.dice.pick(&["Customer", "Customer", "Prospect", "Partner", "Reseller"]),
        "industry": pen.dice.pick(INDUSTRIES),
        "annual_revenue": (1 + pen.dice.below(90)).to_string() + "00000",
        "employees": (10 + pen.dice.below(990)).to_string(),
        "phone_office": phone(pen),
        "website": site,
        "billing_address_street": street, "billing_address_city": city, "billing_address_state": state,
        "billing_address_postalcode": code, "billing_address_country": country,
        "shipping_address_street": street, "shipping_address_city": city, "shipping_address_state": state,
        "shipping_address_postalcode": code, "shipping_address_country": country,
        "assigned_user_id": owner(pen),
        "parent_id": parent,
        "email1": format!("info@{}.example.com", host(&name)),
        "tag": tags,
    });
    pen.create("Accounts", fields)
}

fn person(pen: &mut Pen<'_>) -> Value {
    let (first, last) = (pen.dice.pick(names::FIRST), pen.dice.pick(names::LAST));
    let (city, state, code, country) = pen.dice.pick(names::PLACE);
    let address = format!(
        "{}.{}{}@example.com",
        host(first),
        host(last),
        pen.dice.below(1_000)
    );
    json!({
        "first_name": first, "last_name": last,
        "salutation": pen.dice.pick(&["", "Mr.", "Ms.", "Dr."]),
        "title": pen.dice.pick(names::TITLE), "department": pen.dice.pick(names::DEPARTMENT),
        "phone_work": phone(pen), "phone_mobile": phone(pen),
        "primary_address_street": format!("{} {}", 1 + pen.dice.below(200), pen.dice.pick(names::STREET)),
        "primary_address_city": city, "primary_address_state": state,
        "primary_address_postalcode": code, "primary_address_country": country,
        "assigned_user_id": owner(pen), "email1": address,
        "do_not_call": pen.dice.chance(10),
        "lead_source": pen.dice.pick(&["", "Cold Call", "Web Site", "Campaign", "Partner", "Trade Show"]),
    })
}

/// The people of a company, and who of them was entered first.
fn contacts(pen: &mut Pen<'_>, account: &str) -> Result<(Vec<String>, Option<Known>), Failure> {
    let mut ids: Vec<String> = Vec::new();
    let mut known = None;
    for _ in 0..2 + pen.dice.below(3) {
        let mut fields = person(pen);
        fields["account_id"] = json!(account);
        if let Some(first) = ids.first() {
            fields["reports_to_id"] = json!(first);
        }
        fields["birthdate"] = json!(format!(
            "19{:02}-{:02}-{:02}",
            50 + pen.dice.below(50),
            1 + pen.dice.below(12),
            1 + pen.dice.below(28)
        ));
        known.get_or_insert_with(|| Known {
            first_name: fields["first_name"].clone(),
            last_name: fields["last_name"].clone(),
            email: fields["email1"].clone(),
            account: account.to_owned(),
        });
        ids.push(pen.create("Contacts", fields)?);
    }
    Ok((ids, known))
}

fn opportunity(pen: &mut Pen<'_>, account: &str, contacts: &[String]) -> Result<(), Failure> {
    let (stage, probability) = pen.dice.pick(&STAGES.iter().collect::<Vec<_>>());
    let amount = (1 + pen.dice.below(200)) * 500;
    let closed = day(pen);
    let name = format!(
        "{} {}",
        pen.dice.pick(names::OFFER),
        1_000 + pen.dice.below(9_000)
    );
    let status = match *stage {
        "Closed Won" | "Closed Lost" => stage,
        "Prospecting" => "New",
        _ => "In Progress",
    };
    let fields = json!({
        "name": name, "account_id": account, "amount": amount.to_string(), "best_case": (amount * 11 / 10).to_string(),
        "worst_case": (amount * 9 / 10).to_string(), "date_closed": closed, "sales_stage": stage,
        "probability": probability, "opportunity_type": pen.dice.pick(&["Existing Business", "New Business"]),
        "lead_source": pen.dice.pick(&["", "Web Site", "Partner", "Conference"]),
        "next_step": pen.dice.pick(names::TALK), "assigned_user_id": owner(pen), "sales_status": status,
    });
    let id = pen.create("Opportunities", fields)?;
    if let Some(contact) = contacts.first() {
        pen.link(
            "Opportunities",
            &id,
            "contacts",
            contact,
            &json!({ "contact_role": "Primary Decision Maker" }),
        )?;
    }
    for _ in 0..=pen.dice.below(2) {
        let part = (amount / 2).to_string();
        let fields = json!({
            "name": pen.dice.pick(names::OFFER), "opportunity_id": id, "account_id": account, "likely_case": part,
            "best_case": part, "worst_case": part, "date_closed": closed, "sales_stage": stage,
            "probability": probability, "quantity": "1.00", "assigned_user_id": owner(pen),
        });
        pen.create("RevenueLineItems", fields)?;
    }
    Ok(())
}

fn support(pen: &mut Pen<'_>, account: &str, contacts: &[String]) -> Result<(), Failure> {
    for _ in 0..=pen.dice.below(2) {
        let fields = json!({
            "name": pen.dice.pick(names::PROBLEM), "account_id": account,
            "status": pen.dice.pick(&["New", "Assigned", "Closed", "Pending Input"]),
            "priority": pen.dice.pick(&["P1", "P2", "P3"]),
            "type": pen.dice.pick(&["Administration", "Product", "User"]),
            "description": "The customer called and described the problem.", "assigned_user_id": owner(pen),
        });
        let case = pen.create("Cases", fields)?;
        if let Some(contact) = contacts.first() {
            pen.link(
                "Cases",
                &case,
                "contacts",
                contact,
                &json!({ "contact_role": "Primary Contact" }),
            )?;
        }
        if pen.dice.chance(20) {
            let fields = json!({
                "name": pen.dice.pick(names::PROBLEM), "status": pen.dice.pick(&["New", "Assigned", "Closed"]),
                "priority": pen.dice.pick(&["Urgent", "High", "Medium", "Low"]), "type": "Defect",
                "assigned_user_id": owner(pen),
            });
            let bug = pen.create("Bugs", fields)?;
            pen.link("Cases", &case, "bugs", &bug, &Value::Null)?;
            pen.link("Accounts", account, "bugs", &bug, &Value::Null)?;
        }
    }
    Ok(())
}

fn activities(pen: &mut Pen<'_>, account: &str, contacts: &[String]) -> Result<(), Failure> {
    for module in ["Calls", "Meetings"] {
        let start = format!("{}T{:02}:00:00Z", day(pen), 8 + pen.dice.below(10));
        let fields = json!({
            "name": pen.dice.pick(names::TALK), "date_start": start, "duration_hours": 1, "duration_minutes": 0,
            "status": pen.dice.pick(&["Planned", "Held", "Not Held"]), "parent_type": "Accounts",
            "parent_id": account, "assigned_user_id": owner(pen),
        });
        let id = pen.create(module, fields)?;
        if let Some(contact) = contacts.last() {
            pen.link(
                module,
                &id,
                "contacts",
                contact,
                &json!({ "accept_status": "accept" }),
            )?;
        }
    }
    let due = format!("{}T12:00:00Z", day(pen));
    let fields = json!({
        "name": pen.dice.pick(names::TALK), "date_due": due, "parent_type": "Accounts", "parent_id": account,
        "status": pen.dice.pick(&["Not Started", "In Progress", "Completed", "Deferred"]),
        "priority": pen.dice.pick(&["High", "Medium", "Low"]), "contact_id": contacts.first(),
        "assigned_user_id": owner(pen),
    });
    pen.create("Tasks", fields)?;
    let fields = json!({
        "name": "Notes of a conversation", "description": "They asked for a new offer until the end of the month.",
        "parent_type": "Accounts", "parent_id": account, "contact_id": contacts.first(),
        "assigned_user_id": owner(pen),
    });
    pen.create("Notes", fields)?;
    Ok(())
}

fn campaigns(pen: &mut Pen<'_>) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    for (name, kind) in [
        ("Spring mailing", "Email"),
        ("Trade fair", "Print"),
        ("Web banners", "Web"),
    ] {
        let fields = json!({
            "name": name, "campaign_type": kind, "status": "Active", "start_date": "2026-02-01",
            "end_date": "2026-09-30", "budget": "10000", "expected_revenue": "50000",
            "assigned_user_id": owner(pen),
        });
        ids.push(pen.create("Campaigns", fields)?);
    }
    let list = pen.create(
        "ProspectLists",
        json!({ "name": "Newsletter readers", "list_type": "default" }),
    )?;
    for _ in 0..5 {
        let fields = person(pen);
        let target = pen.create("Prospects", fields)?;
        pen.link("ProspectLists", &list, "prospects", &target, &Value::Null)?;
    }
    if let Some(first) = ids.first() {
        pen.link("ProspectLists", &list, "campaigns", first, &Value::Null)?;
    }
    pen.create("Documents", json!({ "document_name": "Price list 2026", "active_date": "2026-01-05", "category_id": "Sales" }))?;
    Ok(ids)
}

/// Somebody of a company that is no customer yet.
fn inquirer(pen: &mut Pen<'_>) -> Value {
    let mut fields = person(pen);
    let company = format!(
        "{} {}",
        pen.dice.pick(names::COMPANY),
        pen.dice.pick(names::TRADE)
    );
    fields["account_name"] = json!(company);
    fields
}

fn lead(pen: &mut Pen<'_>, campaigns: &[String]) -> Result<(), Failure> {
    let mut fields = inquirer(pen);
    fields["status"] = json!(
        pen.dice
            .pick(&["New", "Assigned", "In Process", "Recycled", "Dead"])
    );
    if fields["lead_source"] == "Campaign" {
        let campaign = pen.dice.below(campaigns.len());
        fields["campaign_id"] = json!(campaigns[campaign]);
    }
    pen.create("Leads", fields)?;
    Ok(())
}
