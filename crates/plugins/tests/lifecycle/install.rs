//! What comes in, and what does not.

use teahouse_plugin_package::SecretKey;
use teahouse_plugins::lifecycle::{By, LifecycleError, SignerView};
use teahouse_protocol::ErrorCode;

use crate::world::{Draft, GUARD, House, World, digest, guard, on_both, signed, trusting, version};

const FILTER: &str = "[hooks.filter]";

on_both! {
    async fn an_installed_plugin_waits_to_be_agreed_to(world: World) {
        let package = version("1.0.0", "[hooks.filter]\n[capabilities]\nkv = {}");
        let installed = world.install(package.clone()).await;
        assert_eq!((installed.plugin.as_str(), installed.version.as_str()), (GUARD, "1.0.0"));
        assert_eq!(installed.digest, digest(&package));
        assert!(installed.is_first && installed.is_current && !installed.is_known && !installed.consent.agreed);
        assert_eq!(installed.consent.items.len(), 1);
        assert!(!world.row().await.enabled);
        let refused = world.lifecycle.enable(&guard(), &By::operator()).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ConsentRequired);
        let view = world.lifecycle.show(&guard()).await.unwrap();
        assert_eq!(world.lifecycle.list().await.unwrap(), std::slice::from_ref(&view));
        assert_eq!((view.name.as_str(), view.hooks, view.signer), ("Guard", vec!["filter"], SignerView::Unsigned));
        assert_eq!(view.versions[0].installed_by, "operator");
        assert_eq!(world.act_names().await, ["plugin.installed"]);
    }

    async fn the_same_package_twice_is_installed_once(world: World) {
        let package = version("1.0.0", FILTER);
        world.install(package.clone()).await;
        let again = world.install(package).await;
        assert!(again.is_known && !again.is_first && again.is_current);
        assert_eq!(world.act_names().await, ["plugin.installed"]);
    }

    async fn what_can_not_be_read_or_run_leaves_nothing(world: World) {
        let by = By::operator();
        let broken = Draft { component: "broken", ..Draft::default() }.pack();
        let whole = version("1.0.0", FILTER);
        let attempts = [
            (b"not a package".to_vec(), ErrorCode::PluginInvalid),
            (whole[..whole.len() / 2].to_vec(), ErrorCode::PluginInvalid),
            (broken, ErrorCode::PluginComponentRefused),
        ];
        for (bytes, code) in attempts {
            let refused = world.lifecycle.install(bytes, &by).await.unwrap_err();
            assert_eq!(refused.code(), code, "{refused}");
            assert!(!refused.advice().0.is_empty() && !refused.advice().1.is_empty());
        }
        assert!(world.lifecycle.list().await.unwrap().is_empty());
        assert!(world.acts().await.is_empty());
    }

    /// What it needs to be told, nobody told it yet.
    async fn a_plugin_that_must_be_set_up_is_installed_and_not_enabled(world: World) {
        let schema = r#"{"type":"object","properties":{"word":{"type":"string"}},"required":["word"]}"#;
        let installed = world.install(Draft { schema: Some(schema), ..Draft::default() }.pack()).await;
        assert!(installed.needs_settings);
        let choices = teahouse_plugins::lifecycle::Choices::all(&installed.consent);
        let by = By::operator();
        world.lifecycle.grant(&guard(), &installed.digest, &choices, &by).await.unwrap();
        let refused = world.lifecycle.enable(&guard(), &by).await.unwrap_err();
        assert_eq!((refused.code(), refused.problems()[0].field.as_str()), (ErrorCode::PluginSettingsRefused, "word"));
        let settings = serde_json::json!({"word": "tea"});
        world.lifecycle.configure(&guard(), &settings, &Default::default(), &by).await.unwrap();
        assert!(world.lifecycle.enable(&guard(), &by).await.unwrap());
    }

    async fn a_house_that_asks_for_signatures_takes_trusted_ones_alone(world: World) {
        let (known, unknown) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let strict = world.under(House {
            require_signature: true,
            trusted_keys: vec![trusting(&known, "Example Ltd")],
        });
        let (by, package) = (By::operator(), version("1.0.0", FILTER));
        let refused = strict.install(package.clone(), &by).await.unwrap_err();
        assert!(matches!(refused, LifecycleError::Unsigned), "{refused}");
        let refused = strict.install(signed(&package, &unknown), &by).await.unwrap_err();
        assert!(matches!(refused, LifecycleError::UntrustedKey(_)), "{refused}");
        let mut forged = signed(&package, &known);
        let last = forged.len() - 1;
        forged[last] ^= 1;
        assert_eq!(strict.install(forged, &by).await.unwrap_err().code(), ErrorCode::PluginInvalid);
        let installed = strict.install(signed(&package, &known), &by).await.unwrap();
        let expected = SignerView::Trusted { key: known.public().to_string(), name: "Example Ltd".to_owned() };
        assert_eq!(installed.signer, expected);
    }

    async fn another_key_is_another_plugin(world: World) {
        let (first, second) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let by = By::operator();
        world.install(signed(&version("1.0.0", FILTER), &first)).await;
        let next = version("1.1.0", FILTER);
        for stranger in [next.clone(), signed(&next, &second)] {
            let refused = world.lifecycle.install(stranger, &by).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::PluginKeyChanged, "{refused}");
        }
        assert!(!world.install(signed(&next, &first)).await.is_first);
    }

    /// Who signs for the first time is believed if the key is trusted: nobody else could claim the name so.
    async fn an_unsigned_plugin_may_become_a_trusted_one(world: World) {
        let (known, unknown) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
        let house = world.under(House { trusted_keys: vec![trusting(&known, "us")], ..House::default() });
        world.run(version("1.0.0", FILTER)).await;
        let (by, next) = (By::operator(), version("1.1.0", FILTER));
        let refused = house.install(signed(&next, &unknown), &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::PluginKeyChanged);
        let installed = house.install(signed(&next, &known), &by).await.unwrap();
        assert!(!installed.consent.agreed, "it comes from other hands: somebody must agree");
        let refused = house.upgrade(&guard(), &installed.digest, None, &by).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ConsentRequired);
    }

    /// A key that was stolen is taken out of the configuration: what it signed begins to work no more.
    async fn what_a_key_signed_is_trusted_as_long_as_the_key_is(world: World) {
        let (key, by) = (SecretKey::generate().unwrap(), By::operator());
        let trusting_it = world.under(House { require_signature: true, trusted_keys: vec![trusting(&key, "us")] });
        let first = trusting_it.install(signed(&version("1.0.0", FILTER), &key), &by).await.unwrap();
        let choices = teahouse_plugins::lifecycle::Choices::all(&first.consent);
        trusting_it.grant(&guard(), &first.digest, &choices, &by).await.unwrap();
        assert!(trusting_it.enable(&guard(), &by).await.unwrap());
        let next = trusting_it.install(signed(&version("1.1.0", FILTER), &key), &by).await.unwrap();

        let strict = world.under(House { require_signature: true, trusted_keys: Vec::new() });
        let refused = strict.upgrade(&guard(), &next.digest, None, &by).await.unwrap_err();
        assert!(matches!(refused, LifecycleError::UntrustedKey(_)), "{refused}");
        assert!(strict.disable(&guard(), &by).await.unwrap(), "to stop needs no trust");
        let refused = strict.enable(&guard(), &by).await.unwrap_err();
        assert!(matches!(refused, LifecycleError::UntrustedKey(_)), "{refused}");
        assert!(trusting_it.enable(&guard(), &by).await.unwrap());
    }

    async fn three_versions_and_the_one_in_use_are_kept(world: World) {
        world.run(version("1.0.0", FILTER)).await;
        for number in ["1.1.0", "1.2.0", "1.3.0", "1.4.0"] {
            world.install(version(number, FILTER)).await;
        }
        let view = world.lifecycle.show(&guard()).await.unwrap();
        let kept: Vec<&str> = view.versions.iter().map(|version| version.version.as_str()).collect();
        assert_eq!(kept, ["1.4.0", "1.3.0", "1.2.0", "1.0.0"]);
        assert!(view.versions[3].is_current);
    }

    async fn two_processes_that_install_at_once_install_one(world: World) {
        let other = world.another_process().await;
        let (package, by) = (version("1.0.0", FILTER), By::operator());
        let both = tokio::join!(world.lifecycle.install(package.clone(), &by), other.install(package, &by));
        for installed in [both.0, both.1] {
            match installed {
                Ok(_) => {}
                Err(error) => assert_eq!(error.code(), ErrorCode::PluginChanged),
            }
        }
        assert_eq!(world.lifecycle.list().await.unwrap().len(), 1);
        assert_eq!(world.act_names().await, ["plugin.installed"]);
    }
}
