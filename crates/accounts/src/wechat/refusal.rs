//! WeChat's refusals of a login, as our errors: whose fault it is, and what the client can do.

use std::time::Duration;

use teahouse_wechat::{Errcode, Error as WechatError};

use crate::Error;

/// WeChat counts logins of a person by the minute.
const NEXT_MINUTE: Duration = Duration::from_secs(60);

/// What the failure of a code's exchange means.
pub(super) fn of_login(error: WechatError) -> Error {
    let Some(code) = error.errcode() else { return Error::WechatUnavailable(error) };
    match code {
        Errcode::InvalidCode | Errcode::MissingCode => Error::WechatCodeInvalid,
        Errcode::CodeUsed => Error::WechatCodeUsed,
        Errcode::PersonBlocked => Error::WechatUserBlocked,
        Errcode::TooFrequent => Error::RateLimited { retry_after: NEXT_MINUTE },
        Errcode::InvalidCredential
        | Errcode::InvalidGrantType
        | Errcode::InvalidAppId
        | Errcode::InvalidAppSecret
        | Errcode::AddressNotAllowed
        | Errcode::SecretFrozen
        | Errcode::MissingAppId
        | Errcode::MissingAppSecret
        | Errcode::ApiUnauthorized
        | Errcode::AccountFrozen => Error::WechatMisconfigured(error),
        // Busy, out of quota, or a number that nobody has heard of: nothing that the client or the operator did wrong.
        _ => Error::WechatUnavailable(error),
    }
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::ErrorCode;
    use teahouse_wechat::Call;

    use super::*;

    #[track_caller]
    fn check(errcode: i64, expected: ErrorCode) {
        let code = Errcode::from(errcode);
        let refusal = WechatError::Refused { call: Call::CodeToSession, code, message: String::new() };
        assert_eq!(of_login(refusal).code(), expected, "{errcode}");
    }

    #[test]
    fn every_documented_refusal_has_its_word() {
        check(-1, ErrorCode::WechatUnavailable);
        check(40029, ErrorCode::WechatCodeInvalid);
        check(41008, ErrorCode::WechatCodeInvalid);
        check(40163, ErrorCode::WechatCodeUsed);
        check(40226, ErrorCode::WechatUserBlocked);
        check(45011, ErrorCode::RateLimited);
        for ours in [40002, 40013, 40125, 41002, 41004, 40164, 40243, 50007] {
            check(ours, ErrorCode::WechatMisconfigured);
        }
        check(45009, ErrorCode::WechatUnavailable);
        check(123_456, ErrorCode::WechatUnavailable);
    }

    #[test]
    fn silence_is_unavailable() {
        let late = WechatError::TimedOut { call: Call::CodeToSession, after: Duration::from_secs(5) };
        assert_eq!(of_login(late).code(), ErrorCode::WechatUnavailable);
    }
}
