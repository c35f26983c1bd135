//! The users of the demo data. Their ids are words, as those of Sugar's own demo data are.

pub(super) struct Person {
    pub(super) id: &'static str,
    pub(super) user_name: &'static str,
    pub(super) first_name: &'static str,
    pub(super) last_name: &'static str,
    pub(super) title: &'static str,
    pub(super) reports_to: Option<&'static str>,
    pub(super) zone: &'static str,
}

pub(super) const ADMINISTRATOR: &str = "1";

pub(super) const PEOPLE: &[Person] = &[
    Person {
        id: ADMINISTRATOR,
        user_name: "admin",
        first_name: "",
        last_name: "Administrator",
        title: "Administrator",
        reports_to: None,
        zone: "UTC",
    },
    Person {
        id: "seed_jim_id",
        user_name: "jim",
        first_name: "Jim",
        last_name: "Brennan",
        title: "VP Sales",
        reports_to: None,
        zone: "America/New_York",
    },
    Person {
        id: "seed_sarah_id",
        user_name: "sarah",
        first_name: "Sarah",
        last_name: "Smith",
        title: "Sales Manager West",
        reports_to: Some("seed_jim_id"),
        zone: "America/Los_Angeles",
    },
    Person {
        id: "seed_will_id",
        user_name: "will",
        first_name: "Will",
        last_name: "Westin",
        title: "Sales Manager East",
        reports_to: Some("seed_jim_id"),
        zone: "America/New_York",
    },
    Person {
        id: "seed_sally_id",
        user_name: "sally",
        first_name: "Sally",
        last_name: "Bronsen",
        title: "Senior Account Rep",
        reports_to: Some("seed_sarah_id"),
        zone: "America/Los_Angeles",
    },
    Person {
        id: "seed_max_id",
        user_name: "max",
        first_name: "Max",
        last_name: "Jensen",
        title: "Account Rep",
        reports_to: Some("seed_sarah_id"),
        zone: "Europe/Berlin",
    },
    Person {
        id: "seed_chris_id",
        user_name: "chris",
        first_name: "Chris",
        last_name: "Olliver",
        title: "Senior Account Rep",
        reports_to: Some("seed_will_id"),
        zone: "America/New_York",
    },
    Person {
        id: "seed_guest_id",
        user_name: "guest",
        first_name: "Gwen",
        last_name: "Guest",
        title: "Auditor",
        reports_to: None,
        zone: "UTC",
    },
];

/// Id and name of the teams.
pub(super) const TEAMS: &[(&str, &str)] = &[("1", "Global"), ("East", "East"), ("West", "West")];
