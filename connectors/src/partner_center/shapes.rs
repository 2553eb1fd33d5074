//! The shapes of a referral and its parts, as the service writes them.
//!
//! They give the schemas by which mappings and flows are checked, so they are closed; what comes from the
//! service is kept as JSON all the same ([`Record`](crate::Record)), and nothing of it is lost. Texts that
//! the service chooses from a list stay texts here: the lists grow, and a value that nobody knew must not
//! break a flow. Any property may be missing or null.

use schemars::JsonSchema;
use serde_json::Value;

/// A referral: a lead or a deal, from the side of the partner.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Referral {
    /// The referral's GUID. Set by the service.
    pub id: Option<String>,
    /// The engagement that joins the referrals of all parties. Set by the service on an own deal.
    pub engagement_id: Option<String>,
    /// The name of the deal.
    pub name: Option<String>,
    /// The GUID of the owning organisation. Set by the service.
    pub organization_id: Option<String>,
    /// The name of the owning organisation. Set by the service.
    pub organization_name: Option<String>,
    /// Free text: the id of the deal in the CRM.
    pub external_reference_id: Option<String>,
    /// An instant (UTC). Set by the service.
    pub created_date_time: Option<String>,
    /// An instant (UTC). Set by the service.
    pub updated_date_time: Option<String>,
    /// When a referral that nobody answers expires (UTC). Set by the service.
    pub expiration_date_time: Option<String>,
    /// When it was accepted (UTC). Set by the service.
    pub accepted_date_time: Option<String>,
    /// When it was closed (UTC). Set by the service.
    pub closed_date_time: Option<String>,
    /// New, Active or Closed.
    #[schemars(extend("examples" = ["New", "Active", "Closed"]))]
    pub status: Option<String>,
    /// Pending or Received (New), Accepted (Active), Won, Lost, Declined, Expired or Error (Closed).
    #[schemars(extend("examples" = ["Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error"]))]
    pub substatus: Option<String>,
    /// Free text.
    pub status_reason: Option<String>,
    /// Direct, MarketingQualified or SalesQualified.
    #[schemars(extend("examples" = ["Direct", "MarketingQualified", "SalesQualified"]))]
    pub qualification: Option<String>,
    /// Independent, or Shared when another party is asked for help.
    #[schemars(extend("examples" = ["Independent", "Shared"]))]
    #[schemars(rename = "type")]
    pub kind: Option<String>,
    /// Incoming or Outgoing. Set by the service.
    #[schemars(extend("examples" = ["Incoming", "Outgoing"]))]
    pub direction: Option<String>,
    /// Where a marketplace lead came from.
    pub referral_source: Option<String>,
    /// What the customer chose in the marketplace.
    pub call_to_action: Option<String>,
    /// The version of the referral, with quotes of its own. Set by the service.
    pub e_tag: Option<String>,
    /// Whether a user marked it.
    pub favorite: Option<bool>,
    /// A marketing campaign.
    pub campaign_id: Option<String>,
    /// A percentage as text, or the name of a stage.
    pub sales_stage: Option<String>,
    /// The quality of a lead. Set by the service.
    pub quality: Option<String>,
    /// Set by the service.
    pub is_spam: Option<bool>,
    /// The partner's location id.
    pub mpn_id: Option<String>,
    /// A go-to-market programme.
    pub referral_program: Option<String>,
    /// The partner's role in a services deal.
    pub partner_role: Option<String>,
    /// The solution area of a services deal.
    pub solution_area: Option<String>,
    /// The solution play of a services deal.
    pub solution_play: Option<String>,
    /// How confidential the deal is.
    pub deal_sensitivity: Option<String>,
    /// What made it. Set by the service.
    pub created_via: Option<String>,
    /// What changed it last. Set by the service.
    pub last_modified_via: Option<String>,
    /// Set by the service.
    pub last_run_id: Option<Value>,
    /// Set by the service.
    pub tags: Option<Vec<Value>>,
    /// Whether the deal is registered. Set by the service.
    pub registration_status: Option<String>,
    /// Deal registrations.
    pub registrations: Option<Vec<Value>>,
    /// To whom it is directed.
    pub target: Option<Vec<Target>>,
    /// The customer and the people there.
    pub customer_profile: Option<CustomerProfile>,
    /// What the customer agreed to.
    pub consent: Option<Consent>,
    /// The deal itself.
    pub details: Option<Details>,
    /// The partner's own sellers.
    pub team: Option<Vec<Member>>,
    /// Who invited, and which help is asked for.
    pub invite_context: Option<InviteContext>,
    /// Addresses of this and of related referrals. Set by the service.
    pub links: Option<Value>,
    /// Ids in Microsoft's systems. Set by the service.
    pub tracking_info: Option<TrackingInfo>,
    /// Set by the service.
    pub exception: Option<String>,
    /// Set by the service.
    #[schemars(rename = "@odata.context")]
    pub odata_context: Option<String>,
}

/// To whom a referral is directed.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Target {
    /// SolutionProfile or BusinessProfileLocation.
    #[schemars(rename = "type")]
    pub kind: Option<String>,
    /// The id of a solution or of a location; `msft` is Microsoft.
    pub id: Option<String>,
}

/// The customer of a deal.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomerProfile {
    /// The company's name.
    pub name: Option<String>,
    /// A range of employees, such as `51to250employees`.
    pub size: Option<String>,
    /// Whether the service has matched the company. Set by the service.
    pub is_matching_complete: Option<bool>,
    /// The company's address.
    pub address: Option<Address>,
    /// The people at the customer.
    pub team: Option<Vec<Member>>,
    /// Ids of the company in registers: a list, or an empty object.
    pub ids: Option<Value>,
}

/// An address.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// Street.
    pub address_line1: Option<String>,
    /// Second line.
    pub address_line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province; for customers in the US the code may stand in `region` instead.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Two letters (ISO 3166-1 alpha-2).
    pub country: Option<String>,
    /// Region.
    pub region: Option<String>,
}

/// A person in a sales team or at the customer.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Phone number.
    pub phone_number: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Job title.
    pub title: Option<String>,
    /// Language, and whether messages are wanted.
    pub contact_preference: Option<Value>,
    /// Set by the service.
    pub email_validation_status: Option<String>,
    /// Set by the service.
    pub phone_validation_status: Option<String>,
}

/// What the customer agreed to.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Consent {
    /// To share what is known with others. The doubled `To` is how the service spells it.
    pub consent_to_to_share_info_with_others: Option<bool>,
    /// To be contacted.
    pub consent_to_contact: Option<bool>,
    /// Whether Microsoft's sellers may see the deal. Cannot be taken back.
    pub consent_to_share_referral_with_microsoft_sellers: Option<bool>,
    /// Whether Microsoft may contact named partners.
    pub consent_to_microsoft_to_contact_specific_partners: Option<bool>,
}

/// The deal itself.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Details {
    /// Free text.
    pub notes: Option<String>,
    /// The value, in `currency`.
    pub deal_value: Option<f64>,
    /// Three letters (ISO 4217).
    pub currency: Option<String>,
    /// The expected closing date, as an instant (UTC).
    pub closing_date_time: Option<String>,
    /// Whether the customer asked to be contacted.
    pub customer_requested_contact: Option<bool>,
    /// What the customer did.
    pub customer_action: Option<String>,
    /// Set by the service.
    pub incentive_level: Option<Value>,
    /// What is to be delivered.
    pub requirements: Option<Requirements>,
}

/// What is to be delivered.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirements {
    /// Industries, each with an `id`.
    pub industries: Option<Vec<Value>>,
    /// Products, each with an `id`.
    pub products: Option<Vec<Value>>,
    /// Services, each with an `id`.
    pub services: Option<Vec<Value>>,
    /// Solutions: at least one on a new deal, 50 at most.
    pub solutions: Option<Vec<Solution>>,
    /// Offers.
    pub offers: Option<Vec<Value>>,
    /// Sales plays.
    pub sales_plays: Option<Vec<Value>>,
    /// More, such as the intent to buy through the marketplace.
    pub additional_requirements: Option<Value>,
}

/// A solution in a deal.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Solution {
    /// `SOL-12345-ABC`, a GUID, or the id of a category.
    pub id: Option<String>,
    /// The solution's name.
    pub name: Option<String>,
    /// Name (of the catalogue) or Category (of the predefined list).
    #[schemars(rename = "type")]
    pub kind: Option<String>,
    /// Price of one.
    pub price: Option<f64>,
    /// How many.
    pub quantity: Option<f64>,
    /// Three letters (ISO 4217).
    pub currency: Option<String>,
    /// Who publishes it.
    pub publisher_name: Option<String>,
    /// Such as `3P`.
    pub solution_type: Option<String>,
    /// An instant (UTC).
    pub closing_date_time: Option<String>,
}

/// Who invited, and which help is asked for.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteContext {
    /// Free text to those invited.
    pub notes: Option<String>,
    /// Which help is asked for; cannot be taken back.
    #[schemars(extend("examples" = ["WorkloadSpecificValueProposition", "CustomerTechnicalArchitecture",
        "ProofOfConceptOrDemo", "QuotesOrLicensing", "PostSalesCustomerSuccess", "GeneralOrOther"]))]
    pub assistance_request_code: Option<String>,
    /// The partner location id of those invited.
    pub invited_mpn_id: Option<String>,
    /// Who invited. Set by the service.
    pub invited_by: Option<Organization>,
}

/// An organisation.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organization {
    /// A GUID; `msft` is Microsoft.
    pub organization_id: Option<String>,
    /// The name.
    pub organization_name: Option<String>,
}

/// Ids in Microsoft's systems.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrackingInfo {
    /// The id in Microsoft's CRM; null until Microsoft accepts.
    pub microsoft_msx_id: Option<String>,
    /// An id in Microsoft's CRM for US federal deals.
    #[schemars(rename = "microsoftUSFedOpportunityId")]
    pub microsoft_us_fed_opportunity_id: Option<String>,
    /// An id in Microsoft's CRM for US federal leads.
    #[schemars(rename = "microsoftUSFedLeadId")]
    pub microsoft_us_fed_lead_id: Option<String>,
    /// An id in the system before this one.
    #[schemars(rename = "migratedPSCDealId")]
    pub migrated_psc_deal_id: Option<String>,
    /// An id in the system before this one.
    #[schemars(rename = "migratedPSCPartnerDealId")]
    pub migrated_psc_partner_deal_id: Option<String>,
}
