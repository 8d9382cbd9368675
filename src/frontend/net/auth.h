// Chooses the authentication exchange for a client by the hba rules.
#pragma once

#include <memory>

#include "authenticator.h"
#include "hba.h"
#include "net/credentials.h"
#include "transport.h"

namespace varve::net {

// Throws SqlError (28000) if no rule fits or the rule rejects. Notes the method in `info`, which, like the
// others, must outlive the exchange.
std::unique_ptr<Authenticator> make_authenticator(const HbaRules& rules, CredentialStore& credentials,
                                                  StartupInfo& info, const Transport& transport);

// The role must exist and may log in; throws 28000.
void check_role(CredentialStore& credentials, const std::string& user);

}  // namespace varve::net
