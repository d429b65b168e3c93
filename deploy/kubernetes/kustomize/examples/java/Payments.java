import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A Java service that reads PEM with what the JDK has: no keystore file, no conversion, no init container. Each connection
 * asks for the context of the moment, so a reload drops none. With a framework take what it brings: Spring Boot has
 * `spring.ssl.bundle.pem`, Netty `SslContextBuilder.forServer(File, File)`, Quarkus its TLS registry.
 *
 *   java Payments.java DIRECTORY PORT RELOAD_PORT
 */
public class Payments {
  private static volatile SSLContext current;

  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    current = read(directory);

    HttpsServer server = HttpsServer.create(new InetSocketAddress(Integer.parseInt(args[1])), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(current) {
      @Override
      public SSLContext getSSLContext() {
        return current;
      }

      @Override
      public void configure(HttpsParameters parameters) {
        parameters.setSSLParameters(current.getDefaultSSLParameters());
      }
    });
    server.createContext("/", exchange -> answer(exchange, 200, "payments\n"));
    server.start();

    // On loopback: in a pod only its own containers reach it.
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[2]));
    HttpServer control = HttpServer.create(loopback, 0);
    control.createContext("/reload", exchange -> {
      try {
        current = read(directory);
        answer(exchange, 200, "reloaded\n");
      } catch (Exception problem) {
        // leafd says it in its log, and asks again later; the pair before stays in use.
        answer(exchange, 500, problem + "\n");
      }
    });
    control.start();
  }

  /** tls.crt, the leaf and its intermediates, and tls.key, PKCS#8. */
  private static SSLContext read(Path directory) throws Exception {
    // Where `..data` leads now: both files of one generation, whatever leafd does meanwhile.
    Path generation = directory.resolve("..data").toRealPath();
    Certificate[] chain;
    try (var pem = Files.newInputStream(generation.resolve("tls.crt"))) {
      chain = CertificateFactory.getInstance("X.509").generateCertificates(pem).toArray(new Certificate[0]);
    }
    String key = Files.readString(generation.resolve("tls.key")).replaceAll("-----[A-Z ]+-----|\\s", "");
    PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key));
    String algorithm = chain[0].getPublicKey().getAlgorithm();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("pair", KeyFactory.getInstance(algorithm).generatePrivate(encoded), new char[0], chain);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes();
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
