//! What kind of deal a referral is (S32), and who may see it (S33).

use serde::Deserialize;
use serde_json::Value;

use super::states::text;
use crate::entra::{Person, Role};

/// The kinds of referral that a partner receives. Type, qualification and inviter tell them apart, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Category {
    /// Somebody asked for it in a marketplace.
    MarketplaceLead,
    /// Microsoft found it.
    QualifiedLead,
    /// Partner and Microsoft, or two partners, work on it.
    CoSell,
}

impl Category {
    /// The kind of a referral.
    pub(crate) fn of(body: &Value) -> Category {
        let inviter = text(body, "/inviteContext/invitedBy/organizationId");
        match (text(body, "/type"), text(body, "/qualification")) {
            ("Independent", "Direct") if matches!(inviter, "msft" | "") => Category::MarketplaceLead,
            ("Independent", "SalesQualified" | "MarketingQualified") if inviter == "msft" => Category::QualifiedLead,
            _ => Category::CoSell,
        }
    }

    /// Type, qualification and inviter of a referral of this kind.
    pub(crate) fn marks(self) -> (&'static str, &'static str, Option<&'static str>) {
        match self {
            Category::MarketplaceLead => ("Independent", "Direct", None),
            Category::QualifiedLead => ("Independent", "MarketingQualified", Some("msft")),
            Category::CoSell => ("Shared", "SalesQualified", Some("msft")),
        }
    }
}

/// Who looks at referrals.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    /// `None` sees everything, as the sandbox's own people do, and the application where it is let in.
    pub(crate) person: Option<Person>,
    /// Whether marketplace leads are kept from the API.
    pub(crate) no_marketplace_leads: bool,
}

impl Viewer {
    /// Whether a referral is there for them. An admin sees all deals of the locations that the role is for; a user
    /// those in whose team they are; leads are for admins of all locations.
    pub(crate) fn sees(&self, body: &Value) -> bool {
        let category = Category::of(body);
        if category == Category::MarketplaceLead && self.no_marketplace_leads {
            return false;
        }
        let Some(person) = &self.person else {
            return true;
        };
        let everywhere = person.locations.is_empty();
        let near = everywhere || person.locations.iter().any(|location| location == text(body, "/mpnId"));
        match person.role {
            Role::ReferralsAdmin => near && (category == Category::CoSell || everywhere),
            Role::ReferralsUser => near && category == Category::CoSell && in_team(body, &person.email),
            Role::AdminAgent | Role::GlobalAdmin | Role::Nothing => false,
        }
    }
}

fn in_team(body: &Value, email: &str) -> bool {
    let team = body.pointer("/team").and_then(Value::as_array);
    team.is_some_and(|team| team.iter().any(|member| text(member, "/email").eq_ignore_ascii_case(email)))
}
