#include <gtest/gtest.h>
#include <sys/socket.h>

#include "crypto.h"
#include "hba.h"
#include "net/password.h"
#include "scram.h"
#include "toy_handler.h"

namespace varve::net {
namespace {

TEST(Scram, Rfc7677Vector) {
  ScramSecret secret = ScramSecret::build("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  ScramExchange exchange(secret, false, "", false);
  exchange.set_nonce("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
  EXPECT_EQ(exchange.server_first("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  std::string last;
  EXPECT_TRUE(
      exchange.server_final("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                            &last));
  EXPECT_EQ(last, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(Scram, RightProofOfADoomedExchangeIsRefused) {
  ScramSecret secret = ScramSecret::build("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  ScramExchange exchange(secret, true, "", false);
  exchange.set_nonce("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
  exchange.server_first("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  std::string last;
  EXPECT_FALSE(
      exchange.server_final("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                            &last));
}

TEST(Scram, MalformedMessagesAreRefused) {
  for (const char* bad :
       {"", "x", "n", "n,", "n,,", "n,,n=u", "n,,r=x,n=u", "p=tls-unique,,n=,r=x", "n,,n=,r=a b"}) {
    ScramExchange exchange(mock_scram_secret("u"), true, "", false);
    EXPECT_THROW(exchange.server_first(bad), SqlError) << bad;
  }
  for (const char* bad :
       {"", "c=biws", "c=biws,r=x,p=", "c=eSws,r=abc,p=", "c=biws,r=abcS,p=AA==", "c=biws,r=abcS,"}) {
    ScramExchange exchange(mock_scram_secret("u"), true, "", false);
    exchange.set_nonce("S");
    exchange.server_first("n,,n=,r=abc");
    std::string last;
    EXPECT_THROW(exchange.server_final(bad, &last), SqlError) << bad;
  }
}

TEST(Scram, ClientMayNotBeTalkedOutOfChannelBinding) {
  ScramExchange exchange(mock_scram_secret("u"), true, "certificate hash", false);
  EXPECT_THROW(exchange.server_first("y,,n=,r=abc"), SqlError);
}

TEST(Password, SecretsRoundTrip) {
  std::string text = make_scram_secret("sesame");
  auto parsed = ScramSecret::parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text(), text);
  EXPECT_TRUE(password_matches("sesame", "u", text));
  EXPECT_FALSE(password_matches("Sesame", "u", text));

  EXPECT_EQ(make_md5_secret("secret", "bob"), "md521f3163f8f86fa10bdefbfbd502a8f06");
  EXPECT_TRUE(password_matches("secret", "bob", make_md5_secret("secret", "bob")));
  EXPECT_FALSE(ScramSecret::parse("SCRAM-SHA-256$0:YQ==$YQ==:YQ=="));
  EXPECT_FALSE(ScramSecret::parse("SCRAM-SHA-256$4096:YQ==$YQ==:YQ=="));
}

TEST(Password, SaslPrepMapsCompatibleForms) {
  // RFC 4013 section 3: U+00AA becomes "a", U+2168 becomes "IX", a soft hyphen disappears.
  std::string salt = "salt";
  EXPECT_EQ(ScramSecret::build("\xC2\xAA", salt).stored_key, ScramSecret::build("a", salt).stored_key);
  EXPECT_EQ(ScramSecret::build("\xE2\x85\xA8", salt).stored_key, ScramSecret::build("IX", salt).stored_key);
  EXPECT_EQ(ScramSecret::build("I\xC2\xADX", salt).stored_key, ScramSecret::build("IX", salt).stored_key);
  // Not UTF-8: as it is.
  EXPECT_NE(ScramSecret::build("\xFF", salt).stored_key, ScramSecret::build("", salt).stored_key);
}

StartupInfo client(std::string user, std::string database, std::string address, bool tls = false) {
  StartupInfo info;
  info.user = std::move(user);
  info.database = std::move(database);
  info.client_address = std::move(address);
  info.tls = tls;
  return info;
}

int matched_line(const HbaRules& rules, const StartupInfo& info) {
  ToyCredentials credentials;
  const HbaRule* rule = rules.match(info, credentials);
  return rule == nullptr ? 0 : rule->line;
}

TEST(Hba, FirstFittingRuleWins) {
  auto rules = HbaRules::parse(
      "# comment\n"
      "local all all trust\n"
      "host sameuser all 10.0.0.0/8 md5\n"
      "hostssl db1,\"all\" +staff, bob 192.168.1.0 255.255.255.0 scram-sha-256 # note\n"
      "hostnossl all all ::1/128 reject\n"
      "host all \"all\" \\\n samehost password\n",
      "hba");
  ASSERT_TRUE(rules.ok()) << rules.status().to_string();
  EXPECT_EQ(matched_line(*rules, client("x", "y", "")), 2);
  EXPECT_EQ(matched_line(*rules, client("x", "x", "10.1.2.3")), 3);
  EXPECT_EQ(matched_line(*rules, client("x", "y", "10.1.2.3")), 0);
  EXPECT_EQ(matched_line(*rules, client("ann", "db1", "192.168.1.9", true)), 4);
  EXPECT_EQ(matched_line(*rules, client("bob", "all", "192.168.1.9", true)), 4);
  EXPECT_EQ(matched_line(*rules, client("bob", "db2", "192.168.1.9", true)), 0);
  EXPECT_EQ(matched_line(*rules, client("ann", "db1", "192.168.1.9", false)), 0);
  EXPECT_EQ(matched_line(*rules, client("x", "y", "::1", false)), 5);
  EXPECT_EQ(matched_line(*rules, client("all", "y", "127.0.0.1")), 6);
  EXPECT_EQ(matched_line(*rules, client("x", "y", "127.0.0.1")), 0);
}

TEST(Hba, ReplicationNeedsItsOwnRule) {
  auto rules = HbaRules::parse("host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 md5", "hba");
  ASSERT_TRUE(rules.ok());
  StartupInfo info = client("x", "y", "1.2.3.4");
  info.replication = true;
  EXPECT_EQ(matched_line(*rules, info), 2);
  EXPECT_STREQ(
      hba_error(info, false).what(),
      "no pg_hba.conf entry for replication connection from host \"1.2.3.4\", user \"x\", no encryption");
}

TEST(Hba, MistakesAreReportedWithTheirLine) {
  for (const char* bad :
       {"nonsense all all trust", "local", "local all", "local all all", "local all all magic",
        "host all all 1.2.3.4/33 trust", "host all all 1.2.3/8 trust", "host all all 1.2.3.4 trust",
        "host all all 1.2.3.4 ::1 trust", "local all all trust x=y", "host all all all cert"}) {
    auto rules = HbaRules::parse(std::string("\n") + bad, "hba");
    ASSERT_FALSE(rules.ok()) << bad;
    EXPECT_NE(rules.status().message().find("(line 2 of configuration file \"hba\")"), std::string_view::npos)
        << bad;
  }
}

}  // namespace
}  // namespace varve::net
