//! From the generated functions to a plugin's methods. Only [`export!`](crate::export) uses this.

use std::cell::RefCell;

use crate::bindings::setup;
use crate::{Failure, Setup};

/// The one plugin of an instance; none before `init`.
pub type Slot<P> = RefCell<Option<P>>;

/// Makes the plugin of its settings.
pub fn init<P: Setup>(slot: &Slot<P>, config: &str) -> Result<(), Vec<setup::Problem>> {
    log_panics();
    let config = serde_json::from_str(config).map_err(crate::Problems::from)?;
    *slot.borrow_mut() = Some(P::init(config)?);
    Ok(())
}

/// Calls a method of the plugin.
pub fn call<P, T>(slot: &Slot<P>, method: impl FnOnce(&mut P) -> Result<T, Failure>) -> Result<T, String> {
    match slot.borrow_mut().as_mut() {
        Some(plugin) => method(plugin).map_err(Failure::into_text),
        None => Err("called before init".into()),
    }
}

/// A panic is a trap, which tells nothing; so its words go to the log first.
fn log_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        crate::log::error(&panic.to_string(), &[]);
    }));
}

/// Tells the compiler that a plugin has the hooks that it exports, where there is nothing to be exported.
pub mod has {
    /// Every plugin.
    pub const fn setup<P: crate::Setup>() {}
    /// A filter.
    pub const fn filter<P: crate::Filter>() {}
    /// A gate.
    pub const fn gate<P: crate::Gate>() {}
    /// A bot.
    pub const fn bot<P: crate::Bot>() {}
}

/// Makes a plugin of a type, with the hooks that it has: `filter`, `gate`, `bot`.
///
/// Built for another target than wasm, it exports nothing, and checks only that the type has those hooks.
///
/// ```
/// use teahouse_plugin_sdk::{Filter, Message, NoConfig, Outcome, Problems, Setup, Verdict};
///
/// struct Calm;
///
/// impl Setup for Calm {
///     type Config = NoConfig;
///     fn init(_: NoConfig) -> Result<Self, Problems> {
///         Ok(Self)
///     }
/// }
///
/// impl Filter for Calm {
///     fn check(&mut self, message: &Message) -> Outcome<Verdict> {
///         Ok(if message.text.ends_with("!!!") { Verdict::reject("loud", "慢慢说。Slowly.") } else { Verdict::Allow })
///     }
/// }
///
/// teahouse_plugin_sdk::export!(Calm with filter);
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ident with $($hook:ident),+ $(,)?) => {
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            $crate::export::has::setup::<$plugin>();
            $($crate::export::has::$hook::<$plugin>();)+
        };
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            ::std::thread_local! {
                static PLUGIN: $crate::export::Slot<$plugin> = const { ::std::cell::RefCell::new(None) };
            }
            struct Exported;
            $crate::__export_hook!(setup);
            $($crate::__export_hook!($hook);)+
        };
    };
}

/// One hook's functions. `PLUGIN` and `Exported` are those of `export!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_hook {
    (setup) => {
        impl $crate::bindings::setup::Guest for Exported {
            fn init(
                config: ::std::string::String,
            ) -> ::std::result::Result<(), ::std::vec::Vec<$crate::bindings::setup::Problem>> {
                PLUGIN.with(|plugin| $crate::export::init(plugin, &config))
            }
        }
        $crate::bindings::setup::export_setup!(Exported with_types_in $crate::bindings::setup);
    };
    (filter) => {
        impl $crate::bindings::filter::Guest for Exported {
            fn check(
                message: $crate::Message,
            ) -> ::std::result::Result<$crate::Verdict, ::std::string::String> {
                PLUGIN.with(|plugin| {
                    $crate::export::call(plugin, |plugin| $crate::Filter::check(plugin, &message))
                })
            }
            fn check_edit(
                before: $crate::Message,
                after: $crate::Message,
            ) -> ::std::result::Result<$crate::Verdict, ::std::string::String> {
                PLUGIN.with(|plugin| {
                    $crate::export::call(plugin, |plugin| $crate::Filter::check_edit(plugin, &before, &after))
                })
            }
        }
        $crate::bindings::filter::export_filter!(Exported with_types_in $crate::bindings::filter);
    };
    (gate) => {
        impl $crate::bindings::gate::Guest for Exported {
            fn check_name(
                subject: ::std::string::String,
                text: ::std::string::String,
                by: $crate::User,
                room: ::std::option::Option<$crate::Room>,
            ) -> ::std::result::Result<$crate::Verdict, ::std::string::String> {
                let name = $crate::NameCheck { subject: &subject, text: &text, by: &by, room: room.as_ref() };
                PLUGIN.with(|plugin| {
                    $crate::export::call(plugin, |plugin| $crate::Gate::check_name(plugin, name))
                })
            }
            fn check_join(
                room: $crate::Room,
                user: $crate::User,
                word: ::std::string::String,
            ) -> ::std::result::Result<$crate::Admission, ::std::string::String> {
                PLUGIN.with(|plugin| {
                    $crate::export::call(plugin, |plugin| $crate::Gate::check_join(plugin, &room, &user, &word))
                })
            }
        }
        $crate::bindings::gate::export_gate!(Exported with_types_in $crate::bindings::gate);
    };
    (bot) => {
        impl $crate::bindings::bot::Guest for Exported {
            fn handle(
                id: ::std::string::String,
                event: $crate::Event,
            ) -> ::std::result::Result<(), ::std::string::String> {
                PLUGIN.with(|plugin| {
                    $crate::export::call(plugin, |plugin| $crate::Bot::handle(plugin, &id, &event))
                })
            }
        }
        $crate::bindings::bot::export_bot!(Exported with_types_in $crate::bindings::bot);
    };
}
