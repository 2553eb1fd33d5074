//! The table of behaviours.

use serde::Serialize;

/// One line of the table.
pub(super) struct Entry {
    /// Which one.
    pub(super) behaviour: Behaviour,
    /// How it is called outside.
    pub(super) name: &'static str,
    /// What is different while it is on.
    pub(super) what: &'static str,
    /// Where it comes from.
    pub(super) source: Source,
    /// Whether it is on without being asked for.
    pub(super) default: bool,
}

/// Where a behaviour comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// A document says so, and another says otherwise.
    Contradiction,
    /// Seen in real payloads, or told by others than the vendor.
    Observed,
    /// Follows from something else; no source says it.
    Inferred,
    /// A failure that any service can have.
    Fault,
}

/// A way to behave that can be turned on and off. The table says what each does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    RefreshSingleUse,
    PasswordGrant,
    NoPublicClients,
    ConsentMissing,
    InteractionRequired,
    TokensWithoutMfa,
    SecretExpired,
    InvalidClientIs400,
    MfaEnforced,
    GlobalAdminAccepted,
    AppOnlyUnauthenticated,
    AppOnlyAccepted,
    SaneNextLinks,
    CountOfPage,
    OrderByAnything,
    OrderByRequired,
    MisspelledLinks,
    BulkRules,
    MarketplaceIntentRequired,
    ThreeLetterCountries,
    NamePatchable,
    FrozenIgnored,
    StaleIsResourceModified,
    MissingIfMatchIsPrecondition,
    PutTakesLinks,
    PutGone,
    OddErrorCasing,
    NullsLeftOut,
    NullsAsEmptyText,
    IdsAsObject,
    OffersLeftOut,
    UnknownEnumValues,
    SelfMadeIncoming,
    MarketplaceLeadsHidden,
    MicrosoftAccepts,
    MicrosoftDeclines,
    ReadsLag,
    FewEvents,
    ManyEvents,
    TenantWithoutEvents,
    RegistrationWantsAdminAgent,
    CamelCaseRegistration,
    CamelCaseEvents,
    AuditUrl,
    DuplicateEvents,
    ReorderedEvents,
    LateEvents,
    LostEvents,
    ExpiredCertificate,
    EarlyCertificate,
    UntrustedCertificate,
    SelfSignedCertificate,
    WrongIssuer,
    MissingCertificate,
    ForeignCertificateUrl,
    BadSignature,
    AlteredBody,
    Sha1Announced,
    NoSignature,
    NoCertificateUrl,
    NoAlgorithm,
    ServiceProtection,
    SlowKeys,
    DeltaTokensExpired,
    DuplicatesAre500,
    StaleWithoutCode,
    ClosedIsReadOnly,
    NoImpersonation,
    NoApplicationUser,
    NoWholeTableReads,
    Throttled,
    Unavailable,
    Slow,
    CutConnections,
}

use Behaviour::*;
use Source::{Contradiction, Fault, Inferred, Observed};

const fn off(behaviour: Behaviour, name: &'static str, source: Source, what: &'static str) -> Entry {
    Entry { behaviour, name, what, source, default: false }
}

/// Every behaviour.
#[rustfmt::skip]
pub(super) const TABLE: &[Entry] = &[
    off(RefreshSingleUse, "refresh_single_use", Inferred, "Entra: a refresh token that was used once is refused; documented is that it stays good"),
    off(PasswordGrant, "password_grant", Contradiction, "Entra: the grant `password` works, as the old Partner Center pages show; the newest dropped it"),
    off(NoPublicClients, "no_public_clients", Inferred, "Entra: the application allows no public client flows, so a device code needs the secret as well"),
    off(ConsentMissing, "consent_missing", Fault, "Entra: people's grants are refused for want of consent (AADSTS65001)"),
    off(InteractionRequired, "interaction_required", Fault, "Entra: people's grants are refused until they pass MFA (AADSTS50076)"),
    off(TokensWithoutMfa, "tokens_without_mfa", Fault, "Entra: people's tokens carry no sign of MFA"),
    off(SecretExpired, "secret_expired", Fault, "Entra: the application's secret has expired (AADSTS7000222)"),
    off(InvalidClientIs400, "invalid_client_is_400", Contradiction, "Entra: an application that does not prove who it is gets 400, as the samples have it, instead of 401"),
    off(MfaEnforced, "mfa_enforced", Observed, "Partner Center: a person's token without MFA gets 403; told for April 2026 by others than the vendor"),
    off(GlobalAdminAccepted, "global_admin_accepted", Contradiction, "referrals: a Global admin has the rights of a Referrals admin, as up to 2023; the newest list of roles lacks them"),
    off(AppOnlyUnauthenticated, "app_only_unauthenticated", Contradiction, "referrals: a token of the application alone gets 401 instead of 403 (S2)"),
    off(AppOnlyAccepted, "app_only_accepted", Contradiction, "referrals: a token of the application alone is taken, as the general pages of the partner APIs have it; every page of referrals wants a person (S2)"),
    off(SaneNextLinks, "sane_next_links", Inferred, "referrals: next links have the scheme and path of the list; documented is http without `/engagements` (S5)"),
    off(CountOfPage, "count_of_page", Contradiction, "referrals: `@odata.count` is the number of items on the page instead of all (S5)"),
    off(OrderByAnything, "order_by_anything", Inferred, "referrals: `$orderby` takes any property; documented are createdDateTime and updatedDateTime (S4)"),
    off(OrderByRequired, "order_by_required", Contradiction, "referrals: a list needs `$orderby`, as the edition of 2019 marks it; later ones recommend it (S4)"),
    off(MisspelledLinks, "misspelled_links", Observed, "referrals: `links` say `engagments`, as the examples do (S6)"),
    off(BulkRules, "bulk_rules", Inferred, "referrals: a POST must also keep the rules of the bulk upload: a whole team member, deal value, currency, closing date (S8)"),
    off(MarketplaceIntentRequired, "marketplace_intent_required", Inferred, "referrals: a POST must state the customer's marketplace intent, as the newest body does (S8)"),
    off(ThreeLetterCountries, "three_letter_countries", Contradiction, "referrals: a country is three letters, as in the list that the edition of 2019 links, instead of two (S8)"),
    off(NamePatchable, "name_patchable", Contradiction, "referrals: `/name` may be patched; the definition does not list it, the connector's guide says names flow (S11)"),
    off(FrozenIgnored, "frozen_ignored", Inferred, "referrals: a patch of the contact after sharing is passed over in silence instead of refused (S16)"),
    off(StaleIsResourceModified, "stale_is_resource_modified", Contradiction, "referrals: 412 comes with the code resourceModified instead of preconditionFailed (S13)"),
    off(MissingIfMatchIsPrecondition, "missing_if_match_is_412", Inferred, "referrals: PUT without If-Match gets 412 instead of 400 (S13)"),
    off(PutTakesLinks, "put_takes_links", Inferred, "referrals: PUT passes over `links` in the body; documented is that they must be removed (S15)"),
    off(PutGone, "put_gone", Contradiction, "referrals: PUT gets 405; called obsolete from September 2020, yet in the definition of 2023 (S15)"),
    off(OddErrorCasing, "odd_error_casing", Contradiction, "referrals: errors are spelled as the page's own example: `unAuthorized`, `innererror` (S18)"),
    off(NullsLeftOut, "nulls_left_out", Observed, "referrals: members that are null are left out when read (S20)"),
    off(NullsAsEmptyText, "nulls_as_empty_text", Observed, "referrals: texts that are null are read as \"\" (S20)"),
    off(IdsAsObject, "ids_as_object", Contradiction, "referrals: the customer's `ids` are read as {} where there are none (S20)"),
    off(OffersLeftOut, "offers_left_out", Observed, "referrals: `offers` is missing where there are none (S20)"),
    off(UnknownEnumValues, "unknown_enum_values", Observed, "referrals: values outside the documented lists are read: Engaged, new sales stages (S34)"),
    off(SelfMadeIncoming, "self_made_incoming", Observed, "referrals: deals that the partner made itself say Incoming (S35)"),
    off(MarketplaceLeadsHidden, "marketplace_leads_hidden", Contradiction, "referrals: leads of the marketplace are neither listed nor read (S32)"),
    off(MicrosoftAccepts, "microsoft_accepts", Inferred, "referrals: Microsoft accepts a shared deal by itself, two seconds after it was shared (S21)"),
    off(MicrosoftDeclines, "microsoft_declines", Inferred, "referrals: Microsoft declines a shared deal by itself, two seconds after it was shared (S22)"),
    off(ReadsLag, "reads_lag", Inferred, "referrals: reads by id lag as lists do, so that an event comes before what it tells of (S28)"),
    off(FewEvents, "few_events", Contradiction, "webhooks: the tenant can register for three events only (S37)"),
    off(ManyEvents, "many_events", Contradiction, "webhooks: the tenant can register for events of other areas too (S37)"),
    off(TenantWithoutEvents, "tenant_without_events", Observed, "webhooks: test events come and no others, as with partners of several tenants"),
    off(RegistrationWantsAdminAgent, "registration_wants_admin_agent", Contradiction, "webhooks: a person who has only a Referrals role gets 403; the list of roles lacks them, the connector's guide wants them"),
    off(CamelCaseRegistration, "camel_case_registration", Contradiction, "webhooks: the registration is read in camelCase (S23)"),
    off(CamelCaseEvents, "camel_case_events", Contradiction, "webhooks: events are written in camelCase, as in the definition (S25)"),
    off(AuditUrl, "audit_url", Contradiction, "webhooks: events call the audit's address `AuditUrl`, as one table does, instead of `AuditUri` (S30)"),
    off(DuplicateEvents, "duplicate_events", Fault, "webhooks: each event comes twice (S28)"),
    off(ReorderedEvents, "reordered_events", Fault, "webhooks: every second event comes half a second late, so that the next overtakes it (S28)"),
    off(LateEvents, "late_events", Fault, "webhooks: events come two seconds late (S28)"),
    off(LostEvents, "lost_events", Fault, "webhooks: every second event is lost (S28)"),
    off(ExpiredCertificate, "expired_certificate", Fault, "webhooks: the signer's certificate has expired (S29)"),
    off(EarlyCertificate, "early_certificate", Fault, "webhooks: the signer's certificate is not valid yet (S29)"),
    off(UntrustedCertificate, "untrusted_certificate", Fault, "webhooks: the signer's certificate chains to another root, with the right names (S29)"),
    off(SelfSignedCertificate, "self_signed_certificate", Fault, "webhooks: the signer's certificate vouches for itself (S29)"),
    off(WrongIssuer, "wrong_issuer", Fault, "webhooks: the signer's certificate is trusted, but its issuer is not Microsoft Corporation (S29)"),
    off(MissingCertificate, "missing_certificate", Fault, "webhooks: there is nothing at the certificate's address (S29)"),
    off(ForeignCertificateUrl, "foreign_certificate_url", Fault, "webhooks: the certificate's address is on another host (S29)"),
    off(BadSignature, "bad_signature", Fault, "webhooks: the signature is of another body (S29)"),
    off(AlteredBody, "altered_body", Fault, "webhooks: the body has a blank more than what was signed (S29)"),
    off(Sha1Announced, "sha1_announced", Fault, "webhooks: the algorithm's header says rsa-sha1 (S29)"),
    off(NoSignature, "no_signature", Fault, "webhooks: the signature is missing (S29)"),
    off(NoCertificateUrl, "no_certificate_url", Fault, "webhooks: the certificate's address is missing (S29)"),
    off(NoAlgorithm, "no_algorithm", Fault, "webhooks: the algorithm's header is missing (S29)"),
    off(ServiceProtection, "service_protection", Fault, "Dataverse: whoever asks for more than the ceilings of `/dataverse` allow in five minutes gets 429; how high the real ones are depends on the organization's web servers"),
    off(SlowKeys, "slow_keys", Fault, "Dataverse: the index of a new alternate key takes an hour by the sandbox's clock, instead of half a second"),
    off(DeltaTokensExpired, "delta_tokens_expired", Fault, "Dataverse: every delta token is too old, as after a week or after the organization was restored"),
    off(DuplicatesAre500, "duplicates_are_500", Contradiction, "Dataverse: a duplicate gets 500, as an example has it, instead of 412, as the table of status codes has it"),
    off(StaleWithoutCode, "stale_without_code", Contradiction, "Dataverse: 412 for an ETag that is not the current one comes with an empty code, as in older samples"),
    off(ClosedIsReadOnly, "closed_is_read_only", Contradiction, "Dataverse: a closed opportunity takes no changes until it is reopened, as product pages say; the Web API is reported to take them"),
    off(NoImpersonation, "no_impersonation", Fault, "Dataverse: the connector may not act on behalf of others"),
    off(NoApplicationUser, "no_application_user", Fault, "Dataverse: the connector's application is no user of the organization"),
    off(NoWholeTableReads, "no_whole_table_reads", Fault, "Dataverse: the connector may not read whole tables, which change tracking wants"),
    off(Throttled, "throttled", Fault, "all services: every fifth request gets 429 with Retry-After (S19)"),
    off(Unavailable, "unavailable", Fault, "all services: every fifth request gets 503 with Retry-After (S19)"),
    off(Slow, "slow", Fault, "all services: every fifth request takes two seconds longer"),
    off(CutConnections, "cut_connections", Fault, "all services: every fifth connection is cut, half of them after the work is done"),
];
