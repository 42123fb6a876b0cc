//! WeChat's error numbers as words. Only the number counts: the texts beside it change and end in a request id.

/// Declares the enum and both directions of its mapping from one table.
macro_rules! errcodes {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal,)+) => {
        /// Why WeChat refused a call (`errcode`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Errcode {
            $($(#[doc = $doc])+ $name,)+
            /// A number that isn't in WeChat's tables of the calls used here.
            Other(i64),
        }

        impl Errcode {
            /// Each code that has a name.
            pub const NAMED: &'static [Self] = &[$(Self::$name),+];

            /// WeChat's number.
            #[must_use]
            pub fn number(self) -> i64 {
                match self {
                    $(Self::$name => $number,)+
                    Self::Other(number) => number,
                }
            }
        }

        impl From<i64> for Errcode {
            fn from(number: i64) -> Self {
                match number {
                    $($number => Self::$name,)+
                    // Older pages print this number for the same refusal.
                    43_302 => Self::PostRequired,
                    other => Self::Other(other),
                }
            }
        }
    };
}

errcodes! {
    /// WeChat is busy; to be tried again.
    SystemBusy = -1,
    /// The media could not be fetched (in a media check's result).
    DownloadFailed = -1008,
    /// The access token is wrong or superseded; in a token call, the secret is wrong.
    InvalidCredential = 40_001,
    /// `grant_type` is not what the call takes.
    InvalidGrantType = 40_002,
    /// The openid is malformed or another app's.
    InvalidOpenId = 40_003,
    /// The media type is not one that is checked.
    InvalidMediaType = 40_004,
    /// The app id is unknown; for a phone code, it belongs to another app.
    InvalidAppId = 40_013,
    /// The access token is malformed.
    InvalidAccessToken = 40_014,
    /// The code is unknown, expired or another app's.
    InvalidCode = 40_029,
    /// The subscription template is unknown.
    InvalidTemplateId = 40_037,
    /// A parameter is bad.
    InvalidArguments = 40_097,
    /// The app secret is wrong.
    InvalidAppSecret = 40_125,
    /// The scene of a content check is not one of 1 to 4.
    InvalidScene = 40_129,
    /// The code was exchanged before.
    CodeUsed = 40_163,
    /// Our address is not in the app's allow-list.
    AddressNotAllowed = 40_164,
    /// WeChat takes the person for high-risk and refuses the login.
    PersonBlocked = 40_226,
    /// The app secret was frozen in the console.
    SecretFrozen = 40_243,
    /// The access token is missing.
    MissingAccessToken = 41_001,
    /// The app id is missing.
    MissingAppId = 41_002,
    /// The app secret is missing.
    MissingAppSecret = 41_004,
    /// The code is missing.
    MissingCode = 41_008,
    /// The page of a subscription message is not in the released version.
    PageNotReleased = 41_030,
    /// The access token expired.
    AccessTokenExpired = 42_001,
    /// The call must be a POST.
    PostRequired = 43_002,
    /// The person has not subscribed, refused, or the granted sends are used up.
    NotSubscribed = 43_101,
    /// The openid belongs to another app.
    OpenIdOfOtherApp = 43_104,
    /// The capability or the template is banned.
    SubscriptionBanned = 43_107,
    /// Two sends to the same person at once.
    ConcurrentSends = 43_108,
    /// The body is empty.
    EmptyBody = 44_002,
    /// The content checks' quota of this minute is used up.
    MinuteQuotaReached = 44_991,
    /// The call's quota of this day is used up.
    DailyQuotaReached = 45_009,
    /// Too many calls this minute, of the app or of the person.
    TooFrequent = 45_011,
    /// A subscription message contains a sensitive word.
    SensitiveWord = 45_168,
    /// The body is not JSON, or a required field is missing.
    MalformedData = 47_001,
    /// The data of a subscription message does not fit its template.
    TemplateDataMismatch = 47_003,
    /// The app has no right to this call.
    ApiUnauthorized = 48_001,
    /// The app may not fetch tokens.
    TokenCallForbidden = 50_004,
    /// The account is frozen.
    AccountFrozen = 50_007,
    /// The person has not visited the mini-program in the last two hours ("code is expired").
    VisitTooOld = 61_010,
    /// The session key does not exist or expired.
    SessionKeyGone = 87_007,
    /// The signature method is unknown.
    InvalidSignatureMethod = 87_008,
    /// The signature does not match the session key, or the key expired.
    InvalidSignature = 87_009,
    /// The content is risky (version 1 of the content check).
    RiskyContent = 87_014,
    /// The same media was checked too often.
    RepeatRequestLimit = 87_020,
    /// An administrator must confirm the token call.
    AdminConfirmationRequired = 89_503,
    /// Our address is refused for 24 hours.
    AddressRefusedForADay = 89_506,
    /// Our address is refused for an hour.
    AddressRefusedForAnHour = 89_507,
}

impl Errcode {
    /// Whether the access token that went with the call must be replaced.
    #[must_use]
    pub fn means_bad_token(self) -> bool {
        matches!(self, Self::InvalidCredential | Self::InvalidAccessToken | Self::AccessTokenExpired)
    }
}

impl std::fmt::Display for Errcode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Other(number) => write!(out, "{number}"),
            named => write!(out, "{named:?} ({})", named.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_and_its_word_lead_to_each_other() {
        for code in Errcode::NAMED {
            assert_eq!(Errcode::from(code.number()), *code);
        }
        assert_eq!(Errcode::from(43_302), Errcode::PostRequired);
        assert_eq!(Errcode::from(12_345), Errcode::Other(12_345));
        assert_eq!(Errcode::Other(12_345).number(), 12_345);
    }
}
