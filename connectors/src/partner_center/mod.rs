//! Partner Center's referrals: deals, the customers and people in them, and the state they are in.
//!
//! | operation | what it does |
//! |---|---|
//! | `list_referrals` | referrals by filter, over all pages |
//! | `get_referral` | one referral by its id |
//! | `find_referral` | an own deal by the CRM's id for it |
//! | `related_referrals` | all parties' referrals of one engagement |
//! | `create_referral` | makes an own deal |
//! | `invite_microsoft` | makes Microsoft's copy of a deal, which asks for help |
//! | `update_referral` | changes a referral that was read |
//!
//! `api.rs` builds requests and reads answers, `own_deal.rs` says what a new deal needs, `patch.rs` turns
//! changes into a JSON Patch, `shapes.rs` holds the record types.

pub(crate) mod api;
mod create_referral;
mod get_referral;
mod invite_microsoft;
mod list_referrals;
mod own_deal;
mod patch;
mod settings;
pub mod shapes;
mod update_referral;

use cosell_engine::connector::Connector;

pub use create_referral::{CreateReferral, CreateReferralInput};
pub use get_referral::{FindReferral, FindReferralInput, GetReferral, GetReferralInput};
pub use invite_microsoft::{InviteMicrosoft, InviteMicrosoftInput};
pub use list_referrals::{ListReferrals, ListReferralsInput, Referrals, RelatedReferrals, RelatedReferralsInput};
pub use settings::PartnerCenterSettings;
pub use update_referral::{UpdateReferral, UpdateReferralInput};

use crate::client::Client;
use crate::connection::Connection;

/// The connector `partner_center`.
pub(crate) fn connector(connection: &Connection<Client>) -> Connector {
    Connector::new("partner_center")
        .with(ListReferrals::new(connection))
        .with(GetReferral::new(connection))
        .with(FindReferral::new(connection))
        .with(RelatedReferrals::new(connection))
        .with(CreateReferral::new(connection))
        .with(InviteMicrosoft::new(connection))
        .with(UpdateReferral::new(connection))
        .with_record::<shapes::Referral>("referral")
        .with_record::<shapes::CustomerProfile>("customer_profile")
        .with_record::<shapes::Member>("member")
        .with_record::<shapes::Solution>("solution")
        .with_recall({
            let connection = connection.clone();
            move |output| connection.bound().into_iter().for_each(|client| api::recall(client, output))
        })
}

#[cfg(test)]
mod tests;
