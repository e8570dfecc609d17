import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/** Reads a key and a certificate from PEM files with the JDK alone, signs with the one and verifies with the other. */
public class ReadPair {
  public static void main(String[] files) throws Exception {
    String pem = Files.readString(Path.of(files[0]));
    String body = pem.replace("-----BEGIN PRIVATE KEY-----", "").replace("-----END PRIVATE KEY-----", "").replaceAll("\\s", "");
    PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
    X509Certificate certificate =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(Path.of(files[1]))));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(key);
    signature.update("assertion".getBytes());
    byte[] signed = signature.sign();
    signature.initVerify(certificate);
    signature.update("assertion".getBytes());
    System.out.println(signature.verify(signed));
  }
}
