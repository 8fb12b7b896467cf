//! Which scopes are granted (RFC 6749 section 3.3), the same way for every grant.

use super::error::{ErrorKind, OAuthError};
use crate::login::api_key::KeyHolder;
use crate::model::client_metadata::ClientMetadata;
use crate::model::resource::{Catalog, Resource};
use crate::model::scope::{Scope, is_identity_scope};
use crate::web::params::Params;

/// The `scope` parameter, if there is one.
pub fn requested(params: &Params) -> Result<Option<Scope>, OAuthError> {
    params
        .get("scope")
        .map(|scope| scope.parse().map_err(|_| ErrorKind::InvalidScope.into()))
        .transpose()
}

/// What a client gets for itself: never a scope that speaks of a person.
pub fn for_client(
    asked: Option<Scope>,
    client: &ClientMetadata,
    catalog: &Catalog,
) -> Result<Scope, OAuthError> {
    let own = |word: &str| !is_identity_scope(word) && word != "account" && catalog.knows(word);
    match asked {
        None => Ok(client.scope.filtered(own)),
        Some(scope)
            if scope
                .words()
                .all(|word| own(word) && client.scope.contains(word)) =>
        {
            Ok(scope)
        }
        Some(_) => Err(ErrorKind::InvalidScope.into()),
    }
}

/// What an API key gets: known, the key's, and, quietly, only what its owner holds now. Without a
/// `scope`, all of it.
///
/// # Errors
/// `invalid_scope`, also where nothing is left.
pub fn for_api_key(asked: Option<Scope>, holder: &KeyHolder) -> Result<Scope, OAuthError> {
    let permissions = &holder.key().permissions;
    let given = match asked {
        None => holder.scope().clone(),
        Some(asked) => {
            let known = |word: &str| holder.catalog().knows(word) && permissions.give(word);
            if !asked.words().all(known) {
                return Err(ErrorKind::InvalidScope.into());
            }
            asked.filtered(|word| holder.scope().contains(word))
        }
    };
    if given.is_empty() {
        return Err(OAuthError::from(ErrorKind::InvalidScope).because("the API key gives nothing"));
    }
    Ok(given)
}

/// What a client gets for a person: known, the client's, and, quietly, only what the person may
/// hold. Without a `scope`, all of the client's but `openid` and `offline_access`.
pub fn for_user(
    asked: Option<Scope>,
    client: &ClientMetadata,
    catalog: &Catalog,
    roles: &[String],
) -> Result<Scope, OAuthError> {
    let asked = match asked {
        None => unasked(client).filtered(|word| catalog.knows(word)),
        Some(scope) => {
            if !scope
                .words()
                .all(|word| catalog.knows(word) && client.scope.contains(word))
            {
                return Err(ErrorKind::InvalidScope.into());
            }
            scope
        }
    };
    Ok(asked.filtered(|word| catalog.may_give(roles, word)))
}

/// What a client wants for a person when it does not say.
fn unasked(client: &ClientMetadata) -> Scope {
    client
        .scope
        .filtered(|word| !matches!(word, "openid" | "offline_access"))
}

/// What a client may ask a person for: known, and the client's. What nobody knows is ignored (OIDC
/// Core section 3.1.2.1). What the person may hold is seen when it is known who that is.
pub fn for_authorization(
    asked: Option<Scope>,
    client: &ClientMetadata,
    catalog: &Catalog,
) -> Result<Scope, OAuthError> {
    let asked = asked.unwrap_or_else(|| unasked(client));
    let known = asked.filtered(|word| catalog.knows(word));
    if known.is_empty() || !known.is_subset(&client.scope) {
        return Err(ErrorKind::InvalidScope.into());
    }
    Ok(known)
}

/// What is left of an earlier grant today: the client's, the catalogue's and the person's scopes
/// may have shrunk since.
pub fn still_held(
    granted: &Scope,
    client: &ClientMetadata,
    catalog: &Catalog,
    roles: &[String],
) -> Scope {
    granted.filtered(|word| {
        catalog.knows(word) && client.scope.contains(word) && catalog.may_give(roles, word)
    })
}

/// A grant narrowed to the resources it names (RFC 8707 section 2.2).
pub struct Target {
    pub scope: Scope,
    /// The audiences asked for; empty when none was.
    pub audience: Vec<String>,
}

/// The `resource` parameters, each once and in order.
pub fn audiences(params: &Params) -> Vec<String> {
    let mut audience: Vec<String> = params.all("resource").map(str::to_owned).collect();
    audience.sort();
    audience.dedup();
    audience
}

/// Narrows `scope` to the `resource` parameters, if there are any.
///
/// # Errors
/// `invalid_target` for a resource that is unknown, and for one none of whose scopes is granted: a
/// token that does not name it would not be what was asked for.
pub fn target(params: &Params, scope: Scope, catalog: &Catalog) -> Result<Target, OAuthError> {
    let target = narrow(scope, audiences(params), catalog)?;
    let granted = |name: &String| {
        let mut resources = catalog.granted(&target.scope);
        resources.any(|resource| resource.audience == *name)
    };
    if target.audience.iter().all(granted) {
        Ok(target)
    } else {
        Err(ErrorKind::InvalidTarget.into())
    }
}

/// The same within an earlier grant for the audiences `granted`, or for all its scopes give where
/// there are none. Without `resource` it stands as it is, even where scopes have been lost since.
///
/// # Errors
/// `invalid_target`, also for a resource outside the grant.
pub fn target_within(
    params: &Params,
    scope: Scope,
    granted: &[String],
    catalog: &Catalog,
) -> Result<Target, OAuthError> {
    let asked = audiences(params);
    if asked.is_empty() {
        return narrow(scope, granted.to_vec(), catalog);
    }
    let outside = |name: &String| !granted.is_empty() && !granted.contains(name);
    if asked.iter().any(outside) {
        return Err(ErrorKind::InvalidTarget.into());
    }
    target(params, scope, catalog)
}

/// Keeps the scopes of the named resources and those of the issuer itself.
fn narrow(scope: Scope, audience: Vec<String>, catalog: &Catalog) -> Result<Target, OAuthError> {
    if audience.is_empty() {
        return Ok(Target { scope, audience });
    }
    let resources: Vec<&Resource> = audience
        .iter()
        .map(|name| {
            catalog
                .by_audience(name)
                .ok_or_else(|| ErrorKind::InvalidTarget.into())
        })
        .collect::<Result<_, OAuthError>>()?;
    let kept = scope.filtered(|word| {
        is_identity_scope(word)
            || resources
                .iter()
                .any(|resource| resource.scopes.contains(word))
    });
    Ok(Target {
        scope: kept,
        audience,
    })
}
