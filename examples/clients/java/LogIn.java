import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Logs in to Salesforce by a signed assertion and asks for the org's name, with what Java 11 and newer brings along:
 * {@code java LogIn.java}.
 *
 * <p>Settings, as {@code orgkey export --format dotenv} writes them: SF_INSTANCE_URL, SF_AUDIENCE, SF_USERNAME,
 * SF_CONSUMER_KEY and SF_PRIVATE_KEY; or SF_PRIVATE_KEY_FILE, the path of the key.
 */
public final class LogIn {
    private static final Pattern TOKEN = Pattern.compile("\"access_token\"\\s*:\\s*\"([^\"]+)\"");
    private static final int UNAUTHORIZED = 401;
    private static final int OK = 200;

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(30)).build();
    private final String instanceUrl = setting("SF_INSTANCE_URL");
    private String token;

    public static void main(String[] arguments) throws IOException, InterruptedException, GeneralSecurityException {
        try {
            System.out.println(new LogIn().query("SELECT Id, Name FROM Organization"));
        } catch (Refused refused) {
            System.err.println(refused.getMessage());
            System.exit(1);
        }
    }

    /** Returns the answer to a SOQL query. A session ends sooner or later: then it logs in anew, once. */
    String query(String soql) throws IOException, InterruptedException, GeneralSecurityException, Refused {
        if (token == null) {
            logIn();
        }
        HttpResponse<String> answer = ask(soql);
        if (answer.statusCode() == UNAUTHORIZED) {
            logIn();
            answer = ask(soql);
        }
        return body(answer, "the query");
    }

    private HttpResponse<String> ask(String soql) throws IOException, InterruptedException {
        String version = System.getenv().getOrDefault("SF_API_VERSION", "67.0");
        String path = "/services/data/v" + version + "/query?q=" + URLEncoder.encode(soql, StandardCharsets.UTF_8);
        return send(request(path).header("Authorization", "Bearer " + token).GET());
    }

    private void logIn() throws IOException, InterruptedException, GeneralSecurityException, Refused {
        String form = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=" + assertion();
        HttpRequest.Builder request = request("/services/oauth2/token")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form));
        Matcher found = TOKEN.matcher(body(send(request), "the login"));
        if (!found.find()) {
            throw new Refused("Salesforce answers the login without a token");
        }
        token = found.group(1);
    }

    private static String assertion() throws IOException, GeneralSecurityException {
        String claims = String.format("{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"exp\":%d}",
                setting("SF_CONSUMER_KEY"), setting("SF_USERNAME"), setting("SF_AUDIENCE"),
                Instant.now().getEpochSecond() + 120);
        String signed = base64url("{\"alg\":\"RS256\"}".getBytes(StandardCharsets.UTF_8)) + "."
                + base64url(claims.getBytes(StandardCharsets.UTF_8));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(privateKey());
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + base64url(signature.sign());
    }

    /** Reads PKCS #8 PEM ("BEGIN PRIVATE KEY"), the form in which orgkey hands keys out. */
    private static PrivateKey privateKey() throws IOException, GeneralSecurityException {
        String file = System.getenv("SF_PRIVATE_KEY_FILE");
        String pem = file != null ? Files.readString(Path.of(file)) : setting("SF_PRIVATE_KEY");
        byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(instanceUrl + path)).timeout(Duration.ofSeconds(60));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static String body(HttpResponse<String> answer, String what) throws Refused {
        if (answer.statusCode() != OK) {
            throw new Refused("Salesforce refuses " + what + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    private static String base64url(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String setting(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalStateException(name + " is not set: see orgkey export --format dotenv");
        }
        return value;
    }

    /** Salesforce refuses, in its own words. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }
}
