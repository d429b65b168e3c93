import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * A Java service that reads PEM with what the JDK has: no keystore, no conversion, no init container. It keeps one
 * SSLContext, whose key manager answers with the newest pair, so a reload drops no connection. With a framework take
 * what it brings: Spring Boot has `spring.ssl.bundle.pem`, Netty `SslContextBuilder.forServer(File, File)`.
 *
 *   java Payments.java DIRECTORY PORT RELOAD_PORT
 */
public class Payments {
  /** What leafd wrote at once. */
  record Pair(String generation, X509Certificate[] chain, PrivateKey key) {
    /** Of tls.crt, the leaf and its intermediates, and tls.key, PKCS#8. */
    static Pair read(Path directory) throws Exception {
      // Where `..data` leads now: both files are of one generation, whatever leafd does meanwhile.
      Path generation = directory.resolve("..data").toRealPath();
      X509Certificate[] chain;
      try (var pem = Files.newInputStream(generation.resolve("tls.crt"))) {
        chain = CertificateFactory.getInstance("X.509").generateCertificates(pem).toArray(X509Certificate[]::new);
      }
      String key = Files.readString(generation.resolve("tls.key")).replaceAll("-----[A-Z ]+-----|\\s", "");
      KeyFactory keys = KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm());
      PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key));
      return new Pair(generation.getFileName().toString(), chain, keys.generatePrivate(encoded));
    }
  }

  /** A handshake asks for an alias, then for its chain and its key: the alias is the generation, so that they fit. */
  static class NewestPair extends X509ExtendedKeyManager {
    private final Path directory;
    private volatile Pair newest;
    private volatile Pair before;

    NewestPair(Path directory) throws Exception {
      this.directory = directory;
      newest = before = Pair.read(directory);
    }

    synchronized void reload() throws Exception {
      Pair next = Pair.read(directory);
      if (next.generation().equals(newest.generation())) return;
      before = newest;
      newest = next;
    }

    private Pair named(String generation) {
      return Stream.of(newest, before).filter(pair -> pair.generation().equals(generation)).findFirst().orElse(null);
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
      Pair pair = newest;
      return keyType.equals(pair.key().getAlgorithm()) ? pair.generation() : null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String generation) {
      Pair pair = named(generation);
      return pair == null ? null : pair.chain();
    }

    @Override
    public PrivateKey getPrivateKey(String generation) {
      Pair pair = named(generation);
      return pair == null ? null : pair.key();
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
      return chooseEngineServerAlias(keyType, issuers, null);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
      return new String[] {newest.generation()};
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
      return newest.generation();
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
      return getServerAliases(keyType, issuers);
    }
  }

  public static void main(String[] args) throws Exception {
    NewestPair pairs = new NewestPair(Path.of(args[0]));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {pairs}, null, null);

    HttpsServer server = HttpsServer.create(new InetSocketAddress(Integer.parseInt(args[1])), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext("/", exchange -> answer(exchange, 200, "payments\n"));
    server.start();

    // On loopback: in a pod only its own containers reach it.
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[2]));
    HttpServer control = HttpServer.create(loopback, 0);
    control.createContext("/reload", exchange -> {
      try {
        pairs.reload();
        answer(exchange, 200, "reloaded\n");
      } catch (Exception problem) {
        // leafd says it in its log, and asks again; the pair before stays in use.
        answer(exchange, 500, problem + "\n");
      }
    });
    control.start();
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes();
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
