// The least that a server written with Beast can do for a request: read it with Beast's parser, answer fixed bytes with the
// same fields, under Beast's deadlines. One event loop per core, as berth has. What berth does beyond this costs the
// difference.
//   bare_beast PORT HEAD_FILE BODY_FILE   the head as `Name: value` lines
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

struct Content {
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(tcp::socket socket, const Content& content) : stream_(std::move(socket)), content_(content) {
        stream_.socket().set_option(tcp::no_delay(true));
    }
    auto executor() { return stream_.get_executor(); }
    void read() {
        request_ = {};
        stream_.expires_after(30s);
        beast::http::async_read(stream_, buffer_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->write();
        });
    }

private:
    void write() {
        response_ = {};
        response_.version(11);
        for (const auto& [name, value] : content_.fields) response_.insert(name, value);
        response_.body() = content_.body;
        response_.prepare_payload();
        stream_.expires_after(30s);
        beast::http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->read();
        });
    }
    beast::tcp_stream stream_;
    const Content& content_;
    beast::flat_buffer buffer_;
    beast::http::request<beast::http::string_body> request_;
    beast::http::response<beast::http::string_body> response_;
};

// Deals connections out to the loops in turn.
class Acceptor {
public:
    Acceptor(std::vector<std::unique_ptr<asio::io_context>>& loops, std::uint16_t port, const Content& content)
        : loops_(loops), acceptor_(*loops.front(), {asio::ip::address_v4::loopback(), port}), content_(content) {}
    void accept() {
        acceptor_.async_accept(*loops_[next_++ % loops_.size()], [this](beast::error_code error, tcp::socket socket) {
            if (!error) {
                auto connection = std::make_shared<Connection>(std::move(socket), content_);
                asio::post(connection->executor(), [connection] { connection->read(); });
            }
            accept();
        });
    }

private:
    std::vector<std::unique_ptr<asio::io_context>>& loops_;
    tcp::acceptor acceptor_;
    const Content& content_;
    std::size_t next_ = 0;
};

Content read_content(const char* head_file, const char* body_file) {
    Content content;
    std::ifstream head(head_file);
    for (std::string line; std::getline(head, line);) {
        const std::size_t colon = line.find(": ");
        if (colon != std::string::npos) content.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    std::ifstream body(body_file, std::ios::binary);
    content.body.assign(std::istreambuf_iterator<char>(body), {});
    return content;
}

} // namespace

int main(int count, char** words) {
    if (count != 4) {
        std::fputs("usage: bare_beast PORT HEAD_FILE BODY_FILE\n", stderr);
        return 2;
    }
    const Content content = read_content(words[2], words[3]);
    std::vector<std::unique_ptr<asio::io_context>> loops;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
        loops.push_back(std::make_unique<asio::io_context>(1));
    }
    Acceptor acceptor(loops, static_cast<std::uint16_t>(std::atoi(words[1])), content);
    acceptor.accept();
    std::vector<std::jthread> threads;
    for (const auto& loop : loops) {
        threads.emplace_back([&loop] {
            const auto working = asio::make_work_guard(*loop);
            loop->run();
        });
    }
    return 0;
}
